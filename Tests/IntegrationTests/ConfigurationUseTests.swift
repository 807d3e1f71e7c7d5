import Archive
import Base
import Configuration
import FineTuning
import Foundation
import ProgramFixtures
import Rewards
import Testing
import Trajectories

/// What the programs do with configurations beside running them: `--set`, `--dry-run`, the file kept with a run.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct ConfigurationUseTests {
    private func contents(_ folder: URL) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            contents[path] = (try? Data(contentsOf: folder.appending(path: path))) ?? Data()
        }
        return contents
    }

    private func finishedRun(_ cluster: TestCluster) async throws {
        let learner = try cluster.startLearner()
        let peers = [try await cluster.startActor(), try await cluster.startRewardWorker()]
        try await cluster.expectEnd(of: learner, and: peers)
    }

    @Test func dryRun_ofANewRun_printsItAndMakesNothing() async throws {
        let cluster = try TestCluster(versions: 1)
        let before = try contents(cluster.folder.url)
        for (program, command) in [("learner", []), ("druse", ["launch"])] {
            let outcome = try await DruseProcess.run(
                program: program,
                command + [
                    "--config", cluster.configurationFile, "--dry-run", "--set", "objective.kl_weight=0.1", "--seed",
                    "5",
                ])
            #expect(outcome.status == 0, "\(outcome.messages)")
            #expect(outcome.output.contains("# begins a run in \(cluster.directory.path), up to version 1"))
            let printed = try ConfigurationLoader.parse(RunConfiguration.self, text: outcome.output, source: "stdout")
            #expect(printed.objective.klWeight == 0.1 && printed.seed == 5 && printed.batchSize == 36)
            if program == "druse" { #expect(outcome.output.contains("# reward-worker-2: ")) }
        }
        #expect(try contents(cluster.folder.url) == before)
    }

    /// In the asynchronous mode alone: there the learner trains while they work.
    @Test(arguments: ["synchronous", "asynchronous"])
    func launchedPeers_giveWayToTheLearner(mode: String) async throws {
        let cluster = try TestCluster(versions: 1)
        let outcome = try await DruseProcess.run(
            program: "druse",
            ["launch", "--config", cluster.configurationFile, "--dry-run", "--set", "mode=\(mode)"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        let commands = outcome.output.split(separator: "\n").filter { $0.contains(" --connect ") }
        #expect(commands.count == 3)
        #expect(commands.allSatisfy { $0.contains(": nice -n 15 ") == (mode == "asynchronous") }, "\(commands)")
        #expect(outcome.output.contains("# learner: /"))
    }

    @Test(arguments: [
        "policy=none.safetensors", "hull=none.json", "potential=none.safetensors", "listen=tcp://0.0.0.0:5555",
        "run_dir=/dev/null/run", "versions=0",
    ])
    func dryRun_ofWhatCannotRun_saysWhy(setting: String) async throws {
        let cluster = try TestCluster(versions: 1)
        let before = try contents(cluster.folder.url)
        for (program, command) in [("learner", []), ("druse", ["launch"])] {
            let outcome = try await DruseProcess.run(
                program: program, command + ["--config", cluster.configurationFile, "--dry-run", "--set", setting])
            #expect(outcome.status == 1 && outcome.messageLines.count == 1, "\(outcome.messages)")
            let value = try #require(setting.split(separator: "=").last)
            let name = setting.hasPrefix("run_dir") ? "/dev/null" : value
            #expect(outcome.messages.contains(name), "\(outcome.messages)")
            #expect(!outcome.messages.contains("operation could not be completed"), "\(outcome.messages)")
        }
        #expect(try contents(cluster.folder.url) == before)
    }

    @Test func settings_thatAreNone_areWrongUsage() async throws {
        for (program, command) in [("learner", []), ("druse", ["launch"]), ("druse", ["pretrain"])] {
            let outcome = try await DruseProcess.run(
                program: program, command + ["--config", "a.yaml", "--set", "seed"])
            #expect(outcome.status == 64 && outcome.messages.contains("KEY=VALUE"), "\(outcome.messages)")
        }
    }

    /// On resume a setting has the rights of the file, and no others.
    @Test func resume_bySettings_keepsWhatDecidesResults() async throws {
        let cluster = try TestCluster(versions: 1)
        try await finishedRun(cluster)
        let before = try contents(cluster.directory)
        func learner(_ more: [String]) async throws -> DruseProcess.Outcome {
            try await DruseProcess.run(program: "learner", ["--resume"] + more)
        }
        for start in [["--config", cluster.configurationFile], ["--run-dir", cluster.directory.path]] {
            let refused = try await learner(start + ["--set", "objective.kl_weight=0.1", "--set", "seed=12"])
            #expect(refused.status == 1 && refused.messageLines.count == 1)
            for part in ["objective.kl_weight is 0.1, the run has 0.005", "seed is 12, the run has 11", "versions"] {
                #expect(refused.messages.contains(part), "\(refused.messages)")
            }
            let possible = try await learner(start + ["--set", "threads=2", "--set", "versions=4", "--dry-run"])
            #expect(possible.status == 0, "\(possible.messages)")
            #expect(possible.output.contains("at version 1, up to version 4"), "\(possible.output)")
            #expect(possible.output.contains("threads: 2\n"))
        }
        let running = try RunLock(url: cluster.directory.appending(path: "lock"))
        let inUse = try await learner(["--run-dir", cluster.directory.path, "--dry-run"])
        #expect(inUse.status == 1 && inUse.messages.contains("is in use by process"), "\(inUse.messages)")
        running.release()
        var after = try contents(cluster.directory)
        after["lock"] = before["lock"]
        #expect(after == before)
    }

    /// A run keeps what is needed to use its configuration again: absolute paths, and `listen` as it was given, not the
    /// port that `druse launch` found free.
    @Test func storedConfiguration_canBeUsedAgain() async throws {
        let cluster = try TestCluster(versions: 1)
        let launch = try cluster.start("druse", ["launch", "--config", cluster.configurationFile], isRole: false)
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        let file = cluster.directory.appending(path: "config.yaml")
        let stored = try ConfigurationLoader.load(RunConfiguration.self, from: file)
        #expect(stored.listen == RunConfiguration().listen)
        #expect(stored.runDirectory == cluster.directory.path)
        let again = try await DruseProcess.run(
            program: "learner", ["--config", file.path, "--run-dir", cluster.folder.path("again"), "--dry-run"])
        #expect(again.status == 0, "\(again.messages)")
        let resumed = try await DruseProcess.run(program: "learner", ["--config", file.path, "--resume"])
        #expect(resumed.status == 0, "\(resumed.messages)")
        #expect(try contents(cluster.directory)["config.yaml"] == Data(contentsOf: file))
    }

    /// A directory as earlier builds wrote it: numbers with exponents, keys by the alphabet, the settled port, a
    /// relative `run_dir`.
    @Test func runOfAnEarlierBuild_goesOn() async throws {
        let cluster = try TestCluster(versions: 1)
        try await finishedRun(cluster)
        let run = try RunDirectory.open(at: cluster.directory)
        let old = """
            batch_size: 36
            hull: default
            keep_checkpoints: 100
            listen: tcp://127.0.0.1:0
            liveness_seconds: 3e+0
            objective:
              advantage: detached
              baseline_memory: 9.5e-1
              clip: 2e-1
              clip_norm: 1e+0
              epochs: 2
              kl_weight: 5e-3
              learning_rate: 2e-4
              learning_rate_decay: 0e+0
              minibatch: 0
              ratio: component
              ratio_limit: 1e+1
              warmup_steps: 0
            policy: base
            potential: chgnet
            reward:
              limits:
                maximum_angle: 1.6e+2
                maximum_atoms: 200
                maximum_length: 1e+2
                maximum_volume_per_atom: 1e+3
                minimum_angle: 2e+1
                minimum_distance: 5e-1
                minimum_length: 1.5e+0
                minimum_volume_per_atom: 2e+0
              shape:
                kind: exponential
                maximum: 2e+0
                scale: 1.5e-1
            run_dir: run
            seed: 11
            space_groups:
            - 225
            - 221
            - 166
            stable_below: 1e-1
            task_lease_seconds: 1.2e+2
            task_size: 4
            threads: 1
            unit_lease_seconds: 3e+2
            unit_size: 8
            versions: 1

            """
        var manifest = try #require(
            JSONSerialization.jsonObject(
                with: Data(contentsOf: cluster.directory.appending(path: "run.json"))) as? [String: Any])
        manifest["configuration_digests"] = [Digest(of: Data(old.utf8)).hexadecimal]
        try JSONSerialization.data(withJSONObject: manifest).write(to: cluster.directory.appending(path: "run.json"))
        try Data(old.utf8).write(to: run.configuration)
        for more in [["--run-dir", cluster.directory.path], ["--config", cluster.configurationFile]] {
            let resumed = try await DruseProcess.run(program: "learner", ["--resume"] + more)
            #expect(resumed.status == 0 && resumed.output.contains("done: version 1"), "\(resumed.messages)")
        }
        // It draws all elements, as it did.
        let inputs = try RunInputs(RunDirectory.open(at: cluster.directory))
        #expect(try inputs.configuration.elements == .unconstrained && inputs.elements().words == nil)
        // And judges without guards.
        #expect(inputs.configuration.reward.guards == .none)
        let others = try await DruseProcess.run(
            program: "learner", ["--config", cluster.configurationFile, "--resume", "--set", "elements=[Li,O]"])
        #expect(others.status == 1)
        #expect(others.messages.contains("elements.from is [Li, O], the run has all"), "\(others.messages)")
    }
}
