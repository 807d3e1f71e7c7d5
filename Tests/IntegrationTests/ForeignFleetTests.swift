import Archive
import Base
import Coordination
import Engines
import FineTuning
import Fleet
import Foundation
import Logging
import Potentials
import ProgramFixtures
import Rewards
import Stability
import Testing
import Trajectories

/// Runs whose reward workers have engines in Python and C, over real sockets.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5)), .enabled("needs python3") { TestEngines.python != nil })
struct ForeignFleetTests {
    private static let potential = "potential: external table"

    /// The commands of the engines that look the native engine's energies up: in Python, and in C where there is `cc`.
    private func commands(in folder: TemporaryFolder) async throws -> [String] {
        _ = try await SequentialRun.finalPolicy
        let table = folder.path("energies")
        try SequentialRun.table.write(to: table)
        let python = try #require(TestEngines.python)
        var commands = ["\(python) '\(TestEngines.file("table_engine.py"))' '\(table)'"]
        if let compiler = TestEngines.compiler {
            let program = try TestEngines.compile("table_engine.c", with: compiler, into: folder)
            commands.append("'\(program)' '\(table)'")
        } else {
            print("no C compiler: the engine in C is left out")
        }
        return commands
    }

    /// A worker in this process that measures a run of an external engine natively, by what the table was made from.
    private func nativeWorker(_ endpoint: String, stop: StopToken) throws -> Mailbox<Result<Void, any Error>> {
        let ended = Mailbox<Result<Void, any Error>>(capacity: 1)
        let engine = try ScoringEngine(potential: "chgnet", hull: "default")
        let place = try Endpoint(endpoint)
        _ = RoleThread(name: "native worker") {
            var configuration = PeerConfiguration(endpoint: place, build: RoleProcess.build, host: "test", process: 1)
            configuration.threads = 1
            let role = RewardWorkerRole(
                configuration: configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                makeMeasurer: {
                    engine.makeMeasurer(try PeerSettings.parse(Recipe.self, from: $0).limits)
                })
            ended.post(Result { _ = try role.run(stop: stop) }, bounded: "it is the only one")
        }
        return ended
    }

    /// Native, Python and C workers side by side, killed and started again with the learner: every crystal once, and
    /// the weights of the native fleet.
    @Test func run_ofNativePythonAndCEngines_givesTheNativeFleetsWeights() async throws {
        let cluster = try TestCluster(more: Self.potential)
        let commands = try await commands(in: cluster.folder)
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let stop = StopToken()
        let native = try nativeWorker(address, stop: stop)
        var workers: [RunningProgram] = []
        for (index, command) in commands.enumerated() {
            let more = index == 0 ? ["--engine-shared", "--batch", "3"] : []
            workers.append(try await cluster.startRewardWorker(threads: 2, ["--engine", command] + more))
        }
        // An engine, a worker with its engines, and the learner. Without an actor nothing can be over before.
        try await cluster.until("an engine runs") {
            guard let engine = ProcessTable.children(of: workers[0].identifier).first else { return false }
            kill(engine.identifier, SIGKILL)
            return true
        }
        let actor = try await cluster.startActor()
        try await cluster.killPrograms([workers[workers.count - 1], learner], afterVersions: 1)
        let next = try cluster.startLearner(["--resume", "--listen", address])
        workers[workers.count - 1] = try await cluster.startRewardWorker(["--engine", commands[commands.count - 1]])
        try await cluster.expectEnd(of: next, and: [actor] + workers)
        stop.stop("the run is over")
        #expect(throws: Never.self) { try native.receive(timeout: .seconds(60))?.get() }
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        let run = try RunDirectory.open(at: cluster.directory)
        #expect(run.manifest.potentialDigest == "external table")
    }

    /// The engine in C alone, so that every number of the run came through its pipe.
    @Test func run_ofTheEngineInCAlone_givesTheNativeFleetsWeights() async throws {
        let folder = try TemporaryFolder()
        // The first is in the next test.
        for command in try await commands(in: folder).dropFirst() {
            let cluster = try TestCluster(more: Self.potential)
            let learner = try cluster.startLearner()
            let worker = try await cluster.startRewardWorker(threads: 2, ["--engine", command])
            let actor = try await cluster.startActor()
            try await cluster.expectEnd(of: learner, and: [worker, actor])
            try cluster.expectEveryCrystalOnce()
            #expect(try await cluster.policy() == SequentialRun.finalPolicy)
            #expect(worker.text.contains("engine: table 1, mp2020-corrected"))
        }
    }

    @Test func launch_withAnEngineInTheWorkersOptions_givesTheNativeFleetsWeights() async throws {
        let cluster = try TestCluster(more: Self.potential)
        let command = try await commands(in: cluster.folder)[0]
        let launch = try cluster.start(
            "druse",
            [
                "launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "2",
                "--worker-options", "--threads 2 --engine-shared --engine \"\(command)\"",
            ], isRole: false)
        #expect(try await cluster.exit(of: launch) == 0, "\(launch.text)")
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        // What the engine gives beside the energy is in the archive.
        let archive = try RunArchive(url: RunDirectory.open(at: cluster.directory).archive, access: .readOnly)
        let measured = try archive.crystals(versions: 0...0).map(\.measurement).filter { $0[.energyPerAtom] != nil }
        let size = Trajectories.Measurement.Quantity(rawValue: "table_size")
        #expect(!measured.isEmpty && measured.allSatisfy { $0[size] ?? 0 > 0 })
    }

    @Test func rewardWorker_thatCannotServe_leavesAtItsLoginWithALine() async throws {
        let cluster = try TestCluster(versions: 1, more: "potential: external mace-mp-0")
        let learner = try cluster.startLearner()
        _ = try await cluster.endpoint()
        let python = try #require(TestEngines.python)
        let command = "\(python) '\(TestEngines.file("faulty_engine.py"))'"
        for (more, words) in [
            ([], "this run wants the engine mace-mp-0, which this worker does not have; start the worker with"),
            (["--engine", command], "this run wants the engine mace-mp-0; the one of --engine is faulty"),
        ] {
            let worker = try await cluster.startRewardWorker(more)
            #expect(try await cluster.exit(of: worker) == 78)
            #expect(worker.text.split(separator: "\n").contains { $0.hasPrefix("Error: \(words)") }, "\(worker.text)")
            try await cluster.until("the learner tells") { learner.text.contains(words) }
        }
        // The learner has no engine of its own, and says so where one would be needed.
        learner.signal(SIGTERM)
        _ = try await cluster.exit(of: learner)
        let outcome = try await DruseProcess.run(["evaluate", "--run", cluster.directory.path, "--count", "1"])
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("the engine mace-mp-0 runs behind reward workers alone"))
    }

    /// Its hello would be the same again: no worker is started again, the reason is told, and nothing is advised that
    /// would not help.
    @Test func launch_withAnEngineThatCannotBeUsed_endsAtOnceWithTheReason() async throws {
        let cluster = try TestCluster(versions: 1, more: "potential: external faulty")
        let python = try #require(TestEngines.python)
        let engine = "\(python) '\(TestEngines.file("faulty_engine.py"))' 'no energy'"
        let launch = try cluster.start(
            "druse",
            [
                "launch", "--config", cluster.configurationFile, "--actors", "1", "--reward-workers", "1",
                "--worker-options", "--engine \"\(engine)\"",
            ], isRole: false)
        #expect(try await cluster.exit(of: launch) == 1, "\(launch.text)")
        #expect(launch.text.contains("the engine cannot be used here: it gives no energy"), "\(launch.text)")
        #expect(launch.text.contains("reward-worker-1 ended with status 78: starting it again would not help"))
        #expect(!launch.text.contains("starting it again in") && !launch.text.contains("--resume"), "\(launch.text)")
    }

    /// What the energies of an engine are is what the first worker says, also for the learner's next life.
    @Test func rewardWorker_withAnotherConventionOfTheEngine_isTurnedAwayAlsoAfterAResume() async throws {
        let cluster = try TestCluster(versions: 1, more: Self.potential)
        let command = try #require(try await commands(in: cluster.folder).first)
        var learner = try cluster.startLearner()
        let first = try await cluster.startRewardWorker(["--engine", command])
        let words = "its engine table gives energies of the convention raw-pbe"
        func expectRefusal() async throws {
            let other = try await cluster.startRewardWorker(["--engine", command + " raw-pbe"])
            #expect(try await cluster.exit(of: other) != 0)
            #expect(other.text.contains(words) && other.text.contains("mp2020-corrected"), "\(other.text)")
            try await cluster.until("the learner tells") { learner.text.contains(words) }
        }
        let bound = cluster.directory.appending(path: "inputs/engines.json")
        try await cluster.until("the engine is noted") { FileManager.default.fileExists(atPath: bound.path) }
        try await expectRefusal()
        for program in [first, learner] {
            program.signal(SIGTERM)
            _ = try await cluster.exit(of: program)
        }
        learner = try cluster.startLearner(["--resume"])
        try await expectRefusal()
        let peers = [
            try await cluster.startActor(), try await cluster.startRewardWorker(["--engine", command]),
        ]
        try await cluster.expectEnd(of: learner, and: peers)
        let roles = try String(contentsOf: RunDirectory.open(at: cluster.directory).roles, encoding: .utf8)
        #expect(!roles.contains("\"engine\"") || roles.contains("mp2020-corrected"))
    }

    @Test func rewardWorker_thatIsKilled_leavesNoEngineBehindEvenOneThatHangs() async throws {
        let folder = try TemporaryFolder()
        let script = try folder.file(
            "hang.py",
            "import signal, time\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 31))\ntime.sleep(1000)\n")
        let cluster = try TestCluster(versions: 1, more: "potential: external hang")
        _ = try cluster.startLearner()
        let python = try #require(TestEngines.python)
        let worker = try await cluster.startRewardWorker(["--engine", "\(python) \(script)"])
        var engine: Int32 = 0
        try await cluster.until("the engine runs") {
            engine = ProcessTable.children(of: worker.identifier).first?.identifier ?? 0
            return engine != 0
        }
        worker.signal(SIGKILL)
        try await cluster.until("the engine is gone", within: .seconds(10)) { !ProcessTable.isAlive(engine) }
    }
}
