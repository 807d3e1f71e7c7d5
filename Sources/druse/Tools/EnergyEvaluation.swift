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
        let evaluator: any PotentialEvaluator
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
        let batches = stride(from: 0, to: entries.count, by: Self.evaluatorBatch).map { start in
            Array(entries[start..<min(start + Self.evaluatorBatch, entries.count)])
        }
        return team.map(batches) { batch, thread in
            Self.evaluate(batch, evaluators[thread].evaluator, hull)
        }.flatMap { $0 }
    }

    /// Entries that an evaluator gets at a time: few, so that all threads have work.
    private static let evaluatorBatch = 4

    private static func evaluate(
        _ entries: [StructureEntry], _ evaluator: any PotentialEvaluator, _ hull: HullReference?
    ) -> [ToolAnswer<Evaluated>] {
        let structures = entries.map { entry in Result { try entry.input.get().structure() } }
        var answers = evaluator.evaluate(structures.compactMap { try? $0.get() }, .energy)[...]
        return zip(entries, structures).map { entry, input in
            let result = Result {
                let structure = try input.get()
                guard let answer = answers.popFirst() else { throw ToolFailure("the potential gave no answer") }
                let energy: Double
                do throws(PotentialError) { energy = try answer.get().energyPerAtom } catch {
                    throw ToolFailure(error.description(for: structure))
                }
                return evaluated(structure, energyPerAtom: energy, hull)
            }
            return ToolAnswer(id: entry.id, result: result.mapError { ToolFailure($0) })
        }
    }

    private static func evaluated(
        _ structure: Structure, energyPerAtom energy: Double, _ hull: HullReference?
    ) -> Evaluated {
        let composition = structure.composition
        return Evaluated(
            composition: composition, atomCount: structure.atomCount, energyPerAtom: energy,
            energyAboveHull: hull.map { hull in
                Result { () throws(HullError) in
                    try hull.energyAboveHull(of: composition, energyPerAtom: energy)
                }.mapError { ToolFailure($0) }
            })
    }
}
