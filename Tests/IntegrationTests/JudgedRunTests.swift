import Archive
import Base
import Foundation
import ProgramFixtures
import Testing
import Trajectories

/// Runs in which judges measure beside the run's own potential, over real sockets.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct JudgedRunTests {
    /// What was measured, by the crystals that have numbers.
    private func measurements(_ cluster: TestCluster) throws -> [Trajectories.Measurement] {
        let archive = try RunArchive(url: RunDirectory.open(at: cluster.directory).archive, access: .readOnly)
        return try archive.crystals(versions: 0...TestCluster.versions).map(\.measurement).filter { !$0.values.isEmpty }
    }

    private func quantity(_ name: String) -> Trajectories.Measurement.Quantity { .init(rawValue: name) }

    /// A potential that every worker has: killed and resumed, each crystal has both energies, and training is not
    /// touched.
    @Test func run_withANativeJudge_measuresTwiceAndLearnsTheSame() async throws {
        let cluster = try TestCluster(more: "judges: [{name: r2scan, potential: chgnet-r2scan}]")
        let learner = try cluster.startLearner()
        let address = try await cluster.endpoint()
        let actor = try await cluster.startActor()
        let workers = [try await cluster.startRewardWorker(threads: 2), try await cluster.startRewardWorker()]
        try await cluster.killPrograms([workers[0], learner], afterVersions: 1)
        let next = try cluster.startLearner(["--resume", "--listen", address])
        let late = try await cluster.startRewardWorker(threads: 2)
        try await cluster.expectEnd(of: next, and: [actor, workers[1], late])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        let measured = try measurements(cluster)
        #expect(measured.count > TestCluster.batchSize)
        for measurement in measured {
            let energies = try (
                #require(measurement[.energyPerAtom]), #require(measurement[quantity("r2scan_energy_per_atom")])
            )
            // Another functional is never the same.
            #expect(energies.0 != energies.1 && energies.1.isFinite)
            #expect(measurement[quantity("r2scan_e_above_hull")] == nil)
        }
        let run = try RunDirectory.open(at: cluster.directory)
        #expect(run.manifest.judges?["r2scan"]?.potential?.count == 64)
    }

    /// An engine that only some workers have measures as a judge, on a hull of its own; who has it is given nothing
    /// else, and the learner says who is missing.
    @Test(.enabled("needs python3") { TestEngines.python != nil })
    func run_withAForeignJudge_hasItsNumbersFromThoseWhoHaveIt() async throws {
        let cluster = try TestCluster(
            more: "judges: [{name: table, potential: external table, hull: default}]")
        _ = try await SequentialRun.finalPolicy
        try SequentialRun.table.write(to: cluster.folder.path("energies"))
        let python = try #require(TestEngines.python)
        let command = "\(python) '\(TestEngines.file("table_engine.py"))' '\(cluster.folder.path("energies"))'"
        let learner = try cluster.startLearner()
        let actor = try await cluster.startActor()
        let native = try await cluster.startRewardWorker()
        let words = "no reward worker that measures with external table has joined: start one with --engine"
        try await cluster.until("the judge is asked for") { learner.text.contains(words) }
        let foreign = try await cluster.startRewardWorker(["--engine", command])
        try await cluster.expectEnd(of: learner, and: [actor, native, foreign])
        try cluster.expectEveryCrystalOnce()
        #expect(try await cluster.policy() == SequentialRun.finalPolicy)
        let measured = try measurements(cluster)
        #expect(measured.count > TestCluster.batchSize)
        for measurement in measured {
            // The table holds the native engine's energies.
            #expect(measurement[quantity("table_energy_per_atom")] == measurement[.energyPerAtom])
            #expect(measurement[quantity("table_e_above_hull")] == measurement[.energyAboveHull])
        }
        #expect(foreign.text.contains("left to other reward workers: this run measures with the potential chgnet"))
    }
}
