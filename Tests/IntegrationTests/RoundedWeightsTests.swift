import Foundation
import Policy
import Telemetry
import Testing

/// Runs whose actors have rounded weights.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct RoundedWeightsTests {
    private func cluster() throws -> TestCluster { try TestCluster(more: "weights_on_the_wire: bf16") }

    /// Whoever takes part, and whoever is killed: the weights are the same, and those of a replay; what is kept is not
    /// rounded.
    @Test func run_hasTheSameWeightsForAnyFleet_andLearnsInWholeNumbers() async throws {
        let small = try cluster()
        let learner = try small.startLearner()
        let peers = [try await small.startActor(), try await small.startRewardWorker()]
        try await small.expectEnd(of: learner, and: peers)
        let replay = try small.start("learner", ["--replay", small.directory.path], isRole: false)
        #expect(try await small.exit(of: replay) == 0, "\(replay.text)")

        let large = try cluster()
        let killed = try large.startLearner()
        let others = [
            try large.start("actor", ["--connect-file", large.endpointFile.path]),
            try large.start("actor", ["--connect-file", large.endpointFile.path, "--threads", "2"]),
            try large.start("reward-worker", ["--connect-file", large.endpointFile.path]),
        ]
        try await large.killPrograms([killed], afterVersions: 2)
        let again = try large.start("learner", ["--run-dir", large.directory.path, "--resume"])
        try await large.expectEnd(of: again, and: others)
        #expect(try small.policy() == large.policy())
        // The same run with whole weights learns something else, if little.
        #expect(try await small.policy() != SequentialRun.finalPolicy)

        let weights = try PolicyWeights(encoded: small.policy())
        #expect(weights.rounded(to: .bfloat16).encodedDigits != weights.encodedDigits)
        for record in try StepRecord.read(from: small.directory.appending(path: "metrics.jsonl")) {
            let mean = try #require(record.importance?.mean)
            #expect(mean != 1 && abs(mean - 1) < 0.2, "\(mean)")
            #expect(record.claimsOff == nil)
        }
    }
}

extension PolicyWeights {
    /// The numbers as bytes.
    fileprivate var encodedDigits: Data? { try? encoded() }
}
