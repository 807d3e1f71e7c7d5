import Base
import Crystals
import Potentials
import Stability
import StructureFiles

/// Energies of inputs under a potential, and their distances to a hull.
final class EnergyEvaluation {
    /// How many entries to give at a time.
    static let batchSize = 64

    private let hull: HullReference?
    private let team: ThreadTeam
    private let evaluators: [Owned]

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any EnergyEvaluator
    }

    /// A structure and its energy.
    struct Evaluated: Sendable {
        let composition: Composition
        let atomCount: Int
        /// eV/atom.
        let energyPerAtom: Double
        /// eV/atom; nil if no hull was given.
        let energyAboveHull: Result<Double, ToolFailure>?
    }

    init(potential: any InteratomicPotential, hull: HullReference? = nil, threads: Int) {
        self.hull = hull
        let team = ThreadTeam(threadCount: threads)
        self.team = team
        evaluators = (0..<team.threadCount).map { _ in Owned(evaluator: potential.makeEvaluator()) }
    }

    /// The energy of each entry, in their order.
    func energies(of entries: [StructureEntry]) -> [ToolAnswer<Evaluated>] {
        let (hull, evaluators) = (hull, evaluators)
        return team.map(entries) { entry, thread in
            ToolAnswer(
                id: entry.id,
                result: Result { try Self.evaluate(entry, evaluators[thread].evaluator, hull) }
                    .mapError { ToolFailure($0) })
        }
    }

    private static func evaluate(
        _ entry: StructureEntry, _ evaluator: any EnergyEvaluator, _ hull: HullReference?
    ) throws -> Evaluated {
        let structure = try entry.input.get().structure()
        let composition = structure.composition
        let energy: Double
        do throws(PotentialError) {
            energy = try evaluator.energyPerAtom(of: structure)
        } catch {
            throw ToolFailure(error.description(for: structure))
        }
        return Evaluated(
            composition: composition, atomCount: structure.atomCount, energyPerAtom: energy,
            energyAboveHull: hull.map { hull in
                Result { () throws(HullError) in
                    try hull.energyAboveHull(of: composition, energyPerAtom: energy)
                }.mapError { ToolFailure($0) }
            })
    }
}
