import Crystals
import Potentials
import Trajectories

/// Evaluates structures by a foreign engine, behind the protocol of all potentials.
final class ForeignEvaluator: PotentialEvaluator {
    private let engine: ForeignEngine
    let lane: EngineLane
    /// Why there is no engine any more: what was answered since says nothing about any structure.
    private(set) var problem: RoleError?

    init(_ engine: ForeignEngine) {
        self.engine = engine
        lane = engine.takeLane()
    }

    deinit { engine.giveBack(lane) }

    func evaluate(_ structures: [Structure], _ properties: PotentialProperties) -> [EngineResult] {
        guard !structures.isEmpty else { return [] }
        do throws(RoleError) { return try lane.evaluate(structures, properties) } catch {
            problem = error
            return structures.map { _ in .failure(.engine(.failed("\(error)"))) }
        }
    }
}
