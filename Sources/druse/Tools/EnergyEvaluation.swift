import Base
import Crystals
import Potentials
import Stability
import StructureFiles

/// What a potential says about inputs, and their distances to a hull.
final class EnergyEvaluation {
    /// How many entries to give at a time.
    static let batchSize = 64

    private let properties: PotentialProperties
    private let hull: HullReference?
    private let alignment: EnergyAlignment
    private let team: ThreadTeam
    private let evaluators: [Owned]

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any PotentialEvaluator
    }

    /// A structure and what was asked for.
    struct Evaluated: Sendable {
        let composition: Composition
        let atomCount: Int
        let evaluation: PotentialEvaluation
        /// What is added to the energy before it is held against the hull, eV for the cell; nil if nothing is.
        let correction: Double?
        /// eV/atom; nil if no hull was given.
        let energyAboveHull: Result<Double, ToolFailure>?
    }

    /// - Parameter alignment: how energies stand to a hull; nil: to the one given.
    init(
        potential: any InteratomicPotential, properties: PotentialProperties = .energy, hull: HullReference? = nil,
        alignment: EnergyAlignment? = nil, threads: Int
    ) {
        self.properties = properties
        self.hull = hull
        self.alignment =
            alignment ?? hull.map { EnergyAlignment(of: potential.energyConvention, on: $0) } ?? .asTheyAre
        let team = ThreadTeam(threadCount: threads)
        self.team = team
        evaluators = (0..<team.threadCount).map { _ in Owned(evaluator: potential.makeEvaluator()) }
    }

    /// The evaluation of each entry, in their order. Every structure is a piece of work of its own, so that all threads
    /// have some.
    func evaluations(of entries: [StructureEntry]) -> [ToolAnswer<Evaluated>] {
        let (properties, hull, alignment, evaluators) = (properties, hull, alignment, evaluators)
        return team.map(entries) { entry, thread in
            ToolAnswer(
                id: entry.id,
                result: Result {
                    try Self.evaluate(
                        try entry.input.get().structure(), properties, evaluators[thread].evaluator, hull, alignment)
                }.mapError { ToolFailure($0) })
        }
    }

    private static func evaluate(
        _ structure: Structure, _ properties: PotentialProperties, _ evaluator: any PotentialEvaluator,
        _ hull: HullReference?, _ alignment: EnergyAlignment
    ) throws -> Evaluated {
        guard let answer = evaluator.evaluate([structure], properties).first else {
            throw ToolFailure("the potential gave no answer")
        }
        let evaluation: PotentialEvaluation
        do throws(PotentialError) { evaluation = try answer.get() } catch {
            throw ToolFailure(error.description(for: structure))
        }
        let composition = structure.composition
        let correction = alignment.correction(of: structure)
        return Evaluated(
            composition: composition, atomCount: structure.atomCount, evaluation: evaluation, correction: correction,
            energyAboveHull: hull.map { hull in
                Result { () throws(HullError) in
                    try hull.energyAboveHull(
                        of: composition,
                        energyPerAtom: evaluation.energyPerAtom + (correction ?? 0) / Double(structure.atomCount))
                }.mapError { ToolFailure($0) }
            })
    }
}
