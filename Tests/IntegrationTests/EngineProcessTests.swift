import Foundation
import ProgramFixtures
import Testing

/// Reward workers and the processes in which their engines run.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EngineProcessTests {
    /// A hull of two elements and their salt.
    private func hull(saltEnergy: Double) throws -> Data {
        let energies = ["Na": -2.0, "Cl": -2.0, "NaCl": saltEnergy]
        let entries: [[String: Any]] = energies.sorted { $0.key < $1.key }.map { name, energy in
            let composition = name == "NaCl" ? ["Na": 1, "Cl": 1] : [name: 1]
            return ["composition": composition, "energy": energy, "correction": 0, "entry_id": name]
        }
        return try JSONSerialization.data(withJSONObject: ["entries": entries])
    }

    @Test func rewardWorker_withAnotherHullOfTheSameSize_isRefusedAtLoginWithBothDigests() async throws {
        let cluster = try TestCluster(versions: 1)
        let file = cluster.folder.url.appending(path: "hull.json")
        try hull(saltEnergy: -6.5).write(to: file)
        let configuration = try String(contentsOfFile: cluster.configurationFile, encoding: .utf8)
        try Data("\(configuration)hull: hull.json\n".utf8).write(to: URL(filePath: cluster.configurationFile))
        let learner = try cluster.startLearner()
        _ = try await cluster.endpoint()
        try hull(saltEnergy: -6.25).write(to: file)
        // No actor is there, and so no crystal: what is wrong shows all the same.
        let worker = try await cluster.startRewardWorker()
        #expect(try await cluster.exit(of: worker) == 78, "\(worker.text)")
        let line = try #require(worker.text.split(separator: "\n").last { $0.contains("is not the learner's") })
        #expect(line.matches(of: /[0-9a-f]{64}/).count == 2, "\(line)")
        // The learner names it, and why it left.
        try await cluster.until("the learner tells") {
            learner.text.contains("left: reward-worker") && learner.text.contains("is not the learner's")
        }
    }

    @Test func run_whoseEngineProcessesAreKilled_losesNoCrystalAndNoWorker() async throws {
        let cluster = try TestCluster(versions: 2)
        let learner = try cluster.startLearner()
        let actor = try await cluster.startActor()
        let worker = try await cluster.startRewardWorker()
        var killed: Set<Int32> = []
        for _ in 0..<3 {
            try await cluster.until("an engine process runs") {
                let engines = ProcessTable.children(of: worker.identifier).map(\.identifier)
                guard let engine = engines.first(where: { !killed.contains($0) }) else { return !learner.isRunning }
                kill(engine, SIGKILL)
                killed.insert(engine)
                return true
            }
        }
        #expect(!killed.isEmpty)
        try await cluster.expectEnd(of: learner, and: [actor, worker])
        try cluster.expectEveryCrystalOnce(versions: 2)
        #expect(!learner.text.contains("engine_crashed") && !worker.text.contains("engine_crashed"))
    }

    @Test func rewardWorker_thatIsKilled_leavesNoEngineProcessBehind() async throws {
        let cluster = try TestCluster(versions: 1000)
        _ = try cluster.startLearner()
        _ = try await cluster.startActor()
        let worker = try await cluster.startRewardWorker()
        var engine: Int32 = 0
        try await cluster.until("the engine process runs") {
            engine = ProcessTable.children(of: worker.identifier).first?.identifier ?? 0
            return engine != 0
        }
        worker.signal(SIGKILL)
        try await cluster.until("the engine process is gone", within: .seconds(10)) { !ProcessTable.isAlive(engine) }
    }
}
