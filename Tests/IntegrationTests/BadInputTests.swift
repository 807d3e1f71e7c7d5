import Foundation
import ProgramFixtures
import Testing

/// What the programs of the roles say to what they cannot use: one clear line and no run.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct BadInputTests {
    private func expectFailure(
        _ program: String, _ arguments: [String], _ words: [String], status: Int32 = 1
    ) async throws {
        let outcome = try await DruseProcess.run(program: program, arguments)
        #expect(outcome.status == status, "\(program) \(arguments): \(outcome.messages)")
        if status != 64 { #expect(outcome.messageLines.count == 1) }
        for word in words { #expect(outcome.messages.contains(word), "\(program) \(arguments): \(outcome.messages)") }
    }

    @Test func configuration_withMistakes_isRefusedWithAllOfThem() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "run.yaml",
            """
            run_dir: \(folder.path("run"))
            versions: 0
            batch_sise: 3
            objective: {clip: 2, speed: 1}
            listen: nowhere

            """)
        let words = [
            "run.yaml", "batch_sise", "objective.speed", "versions (line 2) is 0", "objective.clip (line 4) is 2",
            "nowhere",
        ]
        try await expectFailure("learner", ["--config", file], words)
        try await expectFailure("druse", ["launch", "--config", file], words)
        #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    }

    @Test func files_thatAreMissing_areNamed() async throws {
        let folder = try TemporaryFolder()
        try await expectFailure("learner", ["--config", folder.path("none.yaml")], ["none.yaml"])
        try await expectFailure("druse", ["launch", "--config", folder.path("none.yaml")], ["none.yaml"])
        try await expectFailure("learner", ["--run-dir", folder.path("none"), "--resume"], ["holds no run"])
        let file = try folder.file("run.yaml", "run_dir: \(folder.path("run"))\npolicy: none.safetensors\n")
        try await expectFailure("learner", ["--config", file], ["none.safetensors"])
        let potential = try folder.file("potential.yaml", "run_dir: \(folder.path("other"))\npotential: none.bin\n")
        try await expectFailure("learner", ["--config", potential], ["none.bin"])
    }

    @Test func arguments_thatCannotBeUsed_areRefused() async throws {
        try await expectFailure("learner", [], ["--config"])
        try await expectFailure("learner", ["--run-dir", "run", "--versions", "3"], ["--config"], status: 64)
        for program in ["actor", "reward-worker"] {
            try await expectFailure(program, [], ["--connect"], status: 64)
            try await expectFailure(program, ["--connect", "nowhere"], ["nowhere", "tcp://127.0.0.1:5555"])
            try await expectFailure(program, ["--connect", "tcp://127.0.0.1:0"], ["name a host and a port"])
            try await expectFailure(program, ["--connect", "tcp://127.0.0.1:5555", "--threads", "0"], ["threads"])
            try await expectFailure(program, ["--connect", "tcp://127.0.0.1:5555", "--log-level", "loud"], ["loud"])
        }
    }

    @Test func directory_thatIsInUseOrHoldsARun_isRefused() async throws {
        let cluster = try TestCluster()
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let configuration = ["--config", cluster.configurationFile]
        try await expectFailure("learner", configuration, ["is in use by process \(learner.identifier)"], status: 1)
        try await expectFailure(
            "learner", configuration + ["--resume"], ["is in use by process \(learner.identifier)"], status: 1)
        let other = ["--run-dir", cluster.folder.path("other"), "--listen", address]
        try await expectFailure("learner", configuration + other, [address.dropScheme], status: 1)
        learner.signal(SIGTERM)
        #expect(try await cluster.exit(of: learner) == 3)
        try await expectFailure("learner", configuration, ["already holds the run"])
        try await expectFailure(
            "learner", configuration + ["--resume", "--seed", "12"], ["seed is 12, the run has 11"])
    }
}

extension String {
    /// An endpoint without its transport.
    fileprivate var dropScheme: String { replacingOccurrences(of: "tcp://", with: "") }
}
