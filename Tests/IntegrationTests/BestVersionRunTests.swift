import Archive
import Base
import FineTuning
import Foundation
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// The best version of a run, across restarts: the one whose own crystals were the best, with its policy.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct BestVersionRunTests {
    private static let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"

    @Test(arguments: isSlow ? ["stable_fraction", "reward"] : ["stable_fraction"])
    func best_isThePolicyThatSampledTheBestBatch(measure: String) async throws {
        let cluster = try TestCluster()
        let more = ["--set", "keep_checkpoints=2", "--set", "keep_best=\(measure)"]
        var learner = try cluster.startLearner(more)
        let address = try await cluster.endpoint()
        let peers = try ["actor", "reward-worker"].map { try cluster.start($0, ["--connect", address]) }
        try await cluster.killPrograms([learner], afterVersions: 2)
        learner = try cluster.startLearner(more + ["--resume", "--listen", address])
        try await cluster.expectEnd(of: learner, and: peers)

        let run = try RunDirectory.open(at: cluster.directory)
        let records = try StepRecord.read(from: run.metrics)
        #expect(records.count == TestCluster.versions)
        let values = try records.map { record in
            try #require(measure == "reward" ? record.rewardMean : record.stableFraction)
        }
        // The first of equals: step s tells of version s.
        let largest = try #require(values.max())
        let expected = try #require(values.firstIndex(of: largest))
        let store = CheckpointStore(
            reading: run.checkpoints, referenceDigest: run.manifest.referenceDigest, run: run.manifest.mark)
        let best = try #require(store.best())
        #expect(best.version == expected && best.measure == measure, "\(values)")
        #expect(abs(best.value - values[expected]) < 1e-12)
        let newest = [TestCluster.versions - 1, TestCluster.versions]
        #expect(try store.versions() == (Set(newest + [expected]).subtracting([0])).sorted())
        if expected > 0 {
            let sampled = try RunArchive(url: run.archive, access: .readOnly).crystals(versions: expected...expected)
            let linked = run.checkpoints.appending(path: "best/policy.safetensors")
            let digest = try Data(contentsOf: linked).sha256
            #expect(Set(sampled.map(\.lineage.policyDigest)) == [digest])
        }
        let evaluated = try await DruseProcess.run([
            "evaluate", "--run", run.url.path, "--checkpoint", "best", "--count", "2",
        ])
        if expected > 0 {
            #expect(evaluated.output.contains("version \(expected)"), "\(evaluated.output)\(evaluated.messages)")
        } else {
            #expect(evaluated.messages.contains("the policy at the start is the best"), "\(evaluated.messages)")
        }
        let absent = try await DruseProcess.run([
            "evaluate", "--run", run.url.path, "--checkpoint", "99", "--count", "2",
        ])
        #expect(absent.status == 1 && absent.messages.contains("has no checkpoint of version 99"))
        #expect(learner.text.contains("best by \(measure): version \(expected) "), "\(learner.text)")
    }
}

extension Data {
    fileprivate var sha256: String { Digest(of: self).hexadecimal }
}
