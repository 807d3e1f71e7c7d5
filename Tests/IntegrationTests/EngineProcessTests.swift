import Base
import Foundation
import ProgramFixtures
import Testing

/// Reward workers and the processes in which their engines run.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(5))) struct EngineProcessTests {
    /// A hull of two elements and their salt.
    private func hull(saltEnergy: Double) throws -> Data {
        let energies = ["Na": -2.0, "Cl": -2.0, "NaCl": saltEnergy]
        let entries: [[String: Any]] = energies.sorted { $0.key < $1.key }.map { name, energy in
            let composition = name == "NaCl" ? ["Na": 1, "Cl": 1] : [name: 1]
            return ["composition": composition, "energy": energy, "correction": 0, "entry_id": name]
        }
        return try JSONSerialization.data(withJSONObject: ["entries": entries])
    }

    @Test func rewardWorker_withoutTheRunsHullFile_pullsItFromTheLearner() async throws {
        let cluster = try TestCluster(versions: 1)
        let file = cluster.folder.url.appending(path: "my hull.json")
        let content = try hull(saltEnergy: -6.5)
        try content.write(to: file)
        let configuration = try String(contentsOfFile: cluster.configurationFile, encoding: .utf8)
        let more = "hull: my hull.json\nelements: all\n"
        try Data((configuration + more).utf8).write(to: URL(filePath: cluster.configurationFile))
        let learner = try cluster.startLearner()
        _ = try await cluster.endpoint()
        // Nobody else can read it.
        try FileManager.default.removeItem(at: file)
        let cache = cluster.folder.url.appending(path: "cache")
        let environment = ["DRUSE_CACHE": cache.path]
        let worker = try await cluster.startRewardWorker(environment: environment)
        let kept = cache.appending(path: "blobs/\(Digest(of: content).hexadecimal)/hull.json")
        try await cluster.until("the file is there") { (try? Data(contentsOf: kept)) == content }
        // What is damaged on the disk is pulled again.
        worker.signal(SIGKILL)
        try Data("damaged".utf8).write(to: kept)
        let second = try await cluster.startRewardWorker(environment: environment)
        let actor = try await cluster.startActor()
        try await cluster.until("the run ends") { !learner.isRunning && !actor.isRunning && !second.isRunning }
        #expect(try Data(contentsOf: kept) == content)
        // Of crystals of other elements the hull knows nothing: nothing can be learnt, and it says so.
        #expect(learner.text.contains("missing_reference"), "\(learner.text)")
        #expect(!second.text.contains("engine_crashed"))
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
