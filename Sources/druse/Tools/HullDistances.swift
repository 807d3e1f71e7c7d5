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
    private let withoutItself: Bool
    private let team: ThreadTeam
    private let loadPotential: () throws(ModelError) -> any InteratomicPotential
    private var energies: EnergyEvaluation?

    /// The share of the atoms by reduced formula, the largest first.
    typealias Shares = [(formula: String, fraction: Double)]

    /// Where a composition stands.
    struct Standing: Sendable {
        let composition: Composition
        /// eV/atom; negative below the hull.
        let energyAboveHull: Double
        let decomposition: Shares
        /// What was added to the potential's energy, eV for the cell; nil if nothing was.
        let correction: Double?
        /// Into what other compositions it would fall apart, and what it gains by being there, eV/atom; nil where it
        /// was not asked for, and of an element, of which there are none.
        let reaction: (energy: Double, products: Shares)?
    }

    /// - Parameters:
    ///   - withoutItself: whether reactions are wanted.
    ///   - loadPotential: called once, for the first structure.
    init(
        hull: HullReference, withoutItself: Bool = false, threads: Int,
        loadPotential: @escaping () throws(ModelError) -> any InteratomicPotential
    ) {
        self.hull = hull
        self.withoutItself = withoutItself
        team = ThreadTeam(threadCount: threads)
        self.loadPotential = loadPotential
    }

    /// The answer to each query, in their order.
    /// - Throws: ``ModelError`` if a potential is needed and cannot be loaded, or is none for the hull.
    func standings(of queries: [HullQuery]) throws(ModelError) -> [ToolAnswer<Standing>] {
        let settled = try settle(queries)
        let (hull, withoutItself) = (hull, withoutItself)
        return team.map(settled) { query, _ in
            ToolAnswer(
                id: query.id,
                result: query.result.flatMap { amounts in
                    Result { () throws(HullError) in
                        try HullDistances.standing(amounts, hull, withoutItself)
                    }.mapError { ToolFailure($0) }
                })
        }
    }

    /// What is held against the hull; the correction is in the energy already.
    private typealias Amounts = (composition: Composition, energyPerAtom: Double, correction: Double?)

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
            case .success(.composition(let composition, let energy)): result = .success((composition, energy, nil))
            case .success(.structure):
                result = (evaluated.popFirst()?.result ?? .failure(ToolFailure("the potential gave no answer")))
                    .map { answer in
                        let correction = answer.correction
                        let added = (correction ?? 0) / Double(answer.atomCount)
                        return (answer.composition, answer.evaluation.energyPerAtom + added, correction)
                    }
            case .failure(let failure): result = .failure(failure)
            }
            return ToolAnswer(id: query.id, result: result)
        }
    }

    private func evaluation() throws(ModelError) -> EnergyEvaluation {
        if let energies { return energies }
        let potential = try loadPotential()
        try HullSource.check(hull, isFor: potential)
        let energies = EnergyEvaluation(
            potential: potential, alignment: EnergyAlignment(of: potential.energyConvention, on: hull),
            threads: team.threadCount)
        self.energies = energies
        return energies
    }

    private static func standing(
        _ amounts: Amounts, _ hull: HullReference, _ withoutItself: Bool
    ) throws(HullError) -> Standing {
        let composition = amounts.composition
        var reaction: (energy: Double, products: Shares)?
        if withoutItself, composition.elements.count > 1 {
            let products = try hull.decompositionWithoutItself(of: composition)
            reaction = (amounts.energyPerAtom - products.energyPerAtom, shares(products))
        }
        return Standing(
            composition: composition,
            energyAboveHull: try hull.energyAboveHull(of: composition, energyPerAtom: amounts.energyPerAtom),
            decomposition: shares(try hull.decomposition(of: composition)), correction: amounts.correction,
            reaction: reaction)
    }

    private static func shares(_ decomposition: Decomposition) -> Shares {
        decomposition.fractionsByFormula
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { (formula: $0.key, fraction: $0.value) }
    }
}
