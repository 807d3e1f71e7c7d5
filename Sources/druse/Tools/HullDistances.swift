import Base
import Crystals
import Engines
import Potentials
import Stability
import StructureFiles

/// Answers queries to a hull.
final class HullDistances {
    /// How many queries to give at a time.
    static let batchSize = 64

    private let hull: HullReference
    private let team: ThreadTeam
    private let loadPotential: () throws(ModelError) -> any InteratomicPotential
    private var energies: EnergyEvaluation?

    /// Where a composition stands.
    struct Standing: Sendable {
        let composition: Composition
        /// eV/atom; negative below the hull.
        let energyAboveHull: Double
        /// The share of the atoms by reduced formula, the largest first.
        let decomposition: [(formula: String, fraction: Double)]
    }

    /// - Parameter loadPotential: called once, for the first structure.
    init(
        hull: HullReference, threads: Int, loadPotential: @escaping () throws(ModelError) -> any InteratomicPotential
    ) {
        self.hull = hull
        team = ThreadTeam(threadCount: threads)
        self.loadPotential = loadPotential
    }

    /// The answer to each query, in their order.
    /// - Throws: ``ModelError`` if a potential is needed and cannot be loaded, or is none for the hull.
    func standings(of queries: [HullQuery]) throws(ModelError) -> [ToolAnswer<Standing>] {
        let settled = try settle(queries)
        let hull = hull
        return team.map(settled) { query, _ in
            ToolAnswer(
                id: query.id,
                result: query.result.flatMap { amounts in
                    Result { () throws(HullError) in
                        try HullDistances.standing(amounts.composition, amounts.energyPerAtom, hull)
                    }.mapError { ToolFailure($0) }
                })
        }
    }

    private typealias Amounts = (composition: Composition, energyPerAtom: Double)

    /// The composition and energy of each query; those of structures from the potential.
    private func settle(_ queries: [HullQuery]) throws(ModelError) -> [ToolAnswer<Amounts>] {
        let structures = queries.compactMap { query in
            if case .success(.structure(let input)) = query.subject {
                StructureEntry(id: query.id, input: .success(input))
            } else {
                nil
            }
        }
        var evaluated: ArraySlice<ToolAnswer<EnergyEvaluation.Evaluated>> = []
        if !structures.isEmpty { evaluated = try evaluation().evaluations(of: structures)[...] }
        return queries.map { query in
            let result: Result<Amounts, ToolFailure>
            switch query.subject {
            case .success(.composition(let composition, let energy)): result = .success((composition, energy))
            case .success(.structure):
                result = (evaluated.popFirst()?.result ?? .failure(ToolFailure("the potential gave no answer")))
                    .map { ($0.composition, $0.evaluation.energyPerAtom) }
            case .failure(let failure): result = .failure(failure)
            }
            return ToolAnswer(id: query.id, result: result)
        }
    }

    private func evaluation() throws(ModelError) -> EnergyEvaluation {
        if let energies { return energies }
        let potential = try loadPotential()
        try HullSource.check(hull, isFor: potential)
        let energies = EnergyEvaluation(potential: potential, threads: team.threadCount)
        self.energies = energies
        return energies
    }

    private static func standing(
        _ composition: Composition, _ energyPerAtom: Double, _ hull: HullReference
    ) throws(HullError) -> Standing {
        let decomposition = try hull.decomposition(of: composition)
        return Standing(
            composition: composition,
            energyAboveHull: try hull.energyAboveHull(of: composition, energyPerAtom: energyPerAtom),
            decomposition: decomposition.fractionsByFormula
                .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { (formula: $0.key, fraction: $0.value) })
    }
}
