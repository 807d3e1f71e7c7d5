package import Crystals
package import Potentials
internal import Protocol
package import Rewards
internal import Synchronization
package import Trajectories

/// Measures the crystals of an evaluation by others: each call waits for its result, so that many threads ask at a
/// time.
///
/// What no message carries, thousands of atoms, is measured here. Safe to use from any thread.
package final class RemoteExaminer: ExaminationEngine, Sendable {
    /// The places of the recipes in the list that the others were told.
    package struct Recipes: Sendable {
        package var energy: Int
        /// Nil where nothing is relaxed.
        package var relaxation: Int?
        /// Of a second judge.
        package var judge: Int?

        package init(energy: Int, relaxation: Int? = nil, judge: Int? = nil) {
            self.energy = energy
            self.relaxation = relaxation
            self.judge = judge
        }
    }

    /// Threads that are to wait for results at a time.
    package static let inFlight = 512

    private let recipes: Recipes
    private let potential: any InteratomicPotential
    private let measure: @Sendable (WorkItem, _ recipe: Int) throws -> MeasuringResult
    private let firstProblem = Mutex<(any Error)?>(nil)
    /// How many items were asked for: the workers' logs tell them apart.
    private let count = Atomic<Int>(0)

    /// - Parameters:
    ///   - potential: for what is measured here.
    ///   - measure: has an item measured by a recipe, and waits; it throws if there will be no result.
    package init(
        recipes: Recipes, potential: any InteratomicPotential,
        measure: @escaping @Sendable (_ item: WorkItem, _ recipe: Int) throws -> MeasuringResult
    ) {
        self.recipes = recipes
        self.potential = potential
        self.measure = measure
    }

    /// Why there are no results any more: what came since is worth nothing. Nil as long as there are.
    package var problem: (any Error)? { firstProblem.withLock { $0 } }

    package func energyPerAtom(of structure: Structure) throws(Rejection) -> Double {
        guard structure.atomCount <= WireLimits.atoms else {
            return try StructureExaminer(evaluator: potential.makeEvaluator()).energyPerAtom(of: structure)
        }
        return try energy(.atoms(structure), recipes.energy)
    }

    package func relax(_ input: RelaxationInput, _ settings: RelaxationSettings) throws(Rejection) -> RelaxedForm {
        let form: WorkItem.Form
        let elements: [Element]
        switch input {
        case .structure(let structure) where structure.atomCount <= WireLimits.atoms:
            form = .atoms(structure)
            elements = structure.elements
        case .crystal(let crystal)
        where crystal.sites.count <= WireLimits.sitesPerCrystal && crystal.atomCount <= WireLimits.atoms:
            form = .crystal(crystal, isTerminated: true)
            elements = crystal.sites.map(\.element)
        case .structure, .crystal:
            return try StructureExaminer(evaluator: potential.makeEvaluator()).relax(input, settings)
        }
        guard let recipe = recipes.relaxation else { throw .failed(.engine("no recipe of this evaluation relaxes")) }
        let measurement = try ask(form, recipe)
        guard let relaxed = RelaxedForm(measurement), Set(relaxed.structure.elements) == Set(elements) else {
            throw .failed(.engineAnswer("a reward worker's relaxation is not one of what was asked for"))
        }
        return relaxed
    }

    /// The second judge's evaluators, one for each thread that asks.
    package func judges() -> [any PotentialEvaluator] {
        guard let recipe = recipes.judge else { return [] }
        return (0..<Self.inFlight).map { _ in RemoteJudge(examiner: self, recipe: recipe) }
    }

    fileprivate func energy(_ form: WorkItem.Form, _ recipe: Int) throws(Rejection) -> Double {
        guard let energy = try ask(form, recipe)[.energyPerAtom] else {
            throw .failed(.engineAnswer("a reward worker gave no energy"))
        }
        return energy
    }

    private func ask(_ form: WorkItem.Form, _ recipe: Int) throws(Rejection) -> Measurement {
        let result: MeasuringResult
        let item = WorkItem(job: 0, index: count.wrappingAdd(1, ordering: .relaxed).oldValue, form: form)
        do { result = try measure(item, recipe) } catch {
            firstProblem.withLock { $0 = $0 ?? error }
            throw .failed(.engine("\(error)"))
        }
        switch result.outcome {
        case .measured(let measurement): return measurement
        case .invalid(let reason): throw .invalid(reason)
        case .failed(let failure): throw .failed(failure)
        }
    }
}

/// A second judge elsewhere, as an evaluator.
private final class RemoteJudge: PotentialEvaluator {
    private let examiner: RemoteExaminer
    private let recipe: Int

    init(examiner: RemoteExaminer, recipe: Int) {
        self.examiner = examiner
        self.recipe = recipe
    }

    func evaluate(
        _ structures: [Structure], _ properties: PotentialProperties
    ) -> [Result<PotentialEvaluation, PotentialError>] {
        structures.map { structure in
            guard structure.atomCount <= WireLimits.atoms else {
                return .failure(.engine(.failed("\(structure.atomCount) atoms are more than a message carries")))
            }
            do throws(Rejection) {
                return .success(PotentialEvaluation(energyPerAtom: try examiner.energy(.atoms(structure), recipe)))
            } catch {
                switch error {
                case .invalid: return .failure(.emptyStructure)
                case .failed(let failure): return .failure(.engine(.failed("\(failure)")))
                }
            }
        }
    }
}
