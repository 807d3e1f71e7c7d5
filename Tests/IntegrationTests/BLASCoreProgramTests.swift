import Foundation
import ProgramFixtures
import Testing

/// What programs say of the kernels that they compute with, whatever the processor.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct BLASCoreProgramTests {
    #if arch(x86_64)
        @Test(arguments: ["Haswell", "Prescott"])
        func coreThatTheUserNames_stands(core: String) async throws {
            let script = "OPENBLAS_CORETYPE=$1 \"$DRUSE\" bench machine"
            let outcome = try await DruseProcess.runShell(script, arguments: [core])
            #expect(outcome.status == 0 && outcome.output.contains("OpenBLAS for \(core)\""), "\(outcome.output)")
        }

        /// Two workers compute as no other process of the run does: that is said once, and the run goes on.
        @Test func workersWithOtherKernels_areToldOfOnce() async throws {
            let cluster = try TestCluster(versions: 1)
            let learner = try cluster.startLearner()
            let other = ["OPENBLAS_CORETYPE": "Prescott"]
            let workers = [
                try await cluster.startRewardWorker(environment: other),
                try await cluster.startRewardWorker(environment: other),
            ]
            try await cluster.until("both have joined") {
                learner.text.split(separator: "\n").count { $0.contains("joined: reward-worker") } == 2
            }
            try await cluster.expectEnd(of: learner, and: workers + [try await cluster.startActor()])
            let told = learner.text.split(separator: "\n").filter { $0.contains("computes with OpenBLAS for Prescott") }
            #expect(told.count == 1, "\(learner.text)")
            // Who makes the steps again by those kernels is told why the weights may be others.
            let replay = try cluster.start(
                "learner", ["--replay", cluster.directory.path], isRole: false, environment: other)
            _ = try await cluster.exit(of: replay)
            #expect(replay.text.contains("this is that for Prescott: last digits may differ"), "\(replay.text)")
        }
    #endif
}
