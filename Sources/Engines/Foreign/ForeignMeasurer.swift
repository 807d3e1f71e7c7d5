internal import Base
internal import Crystals
internal import Logging
internal import Potentials
internal import Rewards
internal import Stability
internal import Synchronization
package import Trajectories

/// Measures the crystals of tasks by a foreign engine; validity and hull stay here. One for each thread.
final class ForeignMeasurer: CrystalMeasurer {
    private let engine: ForeignEngine
    private let hull: HullReference?
    private let name: String
    private let recipe: Recipe
    /// The quantities of the run's models of properties.
    private let predicted: Set<String>
    private let evaluator: ForeignEvaluator
    private let measurer: StabilityMeasurer
    /// What measures where the recipe is an evaluation's.
    private let examiner: ExaminationMeasurer?

    /// - Parameters:
    ///   - name: of the engine that the recipe wants.
    ///   - properties: what predicts numbers of the crystals here.
    ///   - predicted: the quantities that they give.
    init(
        _ engine: ForeignEngine, name: String, recipe: Recipe, hull: HullReference?,
        properties: [any PropertyEvaluator], predicted: Set<String>
    ) {
        self.engine = engine
        self.name = name
        self.hull = hull
        self.recipe = recipe
        self.predicted = predicted
        evaluator = ForeignEvaluator(engine)
        measurer = StabilityMeasurer(
            evaluator: evaluator, hull: hull, limits: recipe.limits, relaxation: recipe.relaxation)
        measurer.properties = properties
        measurer.measuresForces = recipe.wantsForces
        examiner = recipe.examination.map { [evaluator] in ExaminationMeasurer($0, evaluator: evaluator) }
    }

    func measure(_ items: [WorkItem]) throws -> [MeasuringResult] {
        if items.isEmpty { try prepare() }
        let results = examiner?.measure(items) ?? measurer.measure(items)
        // No crystal is at fault if there is no engine.
        if let problem = evaluator.problem { throw problem }
        for (item, result) in zip(items, results) { tell(item, result.outcome) }
        return results
    }

    /// Names a crystal that the engine did not get over. What an engine says it cannot do is in the counts alone.
    private func tell(_ item: WorkItem, _ outcome: Outcome) {
        guard case .failed(let failure) = outcome else { return }
        switch failure {
        case .engineCrashed, .engineTimedOut, .engineOutOfMemory, .engineNotFinite, .engineAnswer:
            engine.logger.error("crystal \(item) (\(item.composition.reducedFormula)): \(failure.reason): \(failure)")
        case .missingReference, .unsupportedElement, .engine, .coded: break
        }
    }

    /// Makes sure that there is an engine, and that it is the one that the run wants.
    private func prepare() throws(RoleError) {
        _ = try evaluator.lane.evaluate([], .energy)
        guard let identity = engine.identity else { return }
        guard identity.name == name else {
            throw .cannotServe(
                "this run wants the engine \(name); the one of --engine is \(identity.name): start the worker with "
                    + "the command of \(name)")
        }
        do throws(ModelError) {
            if let hull { try HullSource.check(hull, isFor: identity.name, identity.convention) }
        } catch { throw .cannotServe("\(error)") }
        measurer.alignment = EnergyAlignment(of: identity.convention, on: hull)
        try recipe.check(measurer.alignment)
        guard recipe.relaxation.until == .none || identity.properties.isSuperset(of: [.forces, .stress]) else {
            throw .cannotServe(
                "this run relaxes its crystals (reward.relax), and the engine \(name) gives no forces and stress: let "
                    + "it give them, or set reward.relax to none")
        }
        guard !recipe.wantsForces || identity.properties.isSuperset(of: [.forces, .stress]) else {
            throw .cannotServe(
                "this run measures forces and stress, and the engine \(name) does not give both: let it give them, or "
                    + "leave them out of the reward")
        }
        if let twice = identity.extraNames.first(where: predicted.contains) {
            throw .cannotServe(
                "the engine \(name) gives \(twice), which the run predicts by a model (key properties): let the engine "
                    + "give it another name, or leave the model out")
        }
        let uncertainty = Measurement.Quantity.uncertainty.rawValue
        guard recipe.limits.maximumUncertainty == nil || identity.extraNames.contains(uncertainty) else {
            throw .cannotServe(
                "this run bounds the uncertainty (reward.limits.maximum_uncertainty), and the engine \(name) does not "
                    + "give it: let it give \(uncertainty), eV/atom, or take the bound away")
        }
    }
}

/// Makes the measurers of a reward worker with a foreign engine; the hull is loaded for the first and shared.
package final class ForeignMeasurerFactory: Sendable {
    private let engine: ForeignEngine
    private let files: RecipeFileCache
    private let shared = Mutex<(place: String, hull: HullReference)?>(nil)
    private let properties: PropertyModels

    /// - Parameter files: where the files lie that a recipe names.
    package init(_ engine: ForeignEngine, files: RecipeFileCache = RecipeFileCache()) {
        self.engine = engine
        self.files = files
        properties = PropertyModels(files)
    }

    /// - Parameter text: JSON of ``Recipe``.
    /// - Throws: ``RoleError`` if the learner wants another potential, or has another hull.
    package func makeMeasurer(_ text: String) throws -> any CrystalMeasurer {
        let recipe = try PeerSettings.parse(Recipe.self, from: text)
        guard let name = PotentialName(recipe.potential).externalName else {
            throw RoleError.cannotServe(
                "this run measures with the potential \(recipe.potential), which workers have themselves; start the "
                    + "worker without --engine")
        }
        try recipe.checkWants()
        try recipe.checkRelaxations()
        return ForeignMeasurer(
            engine, name: name, recipe: recipe, hull: try hull(recipe), properties: try properties.evaluators(recipe),
            predicted: try properties.quantities(recipe))
    }

    private func hull(_ recipe: Recipe) throws -> HullReference? {
        if recipe.hull == HullSource.none { return nil }
        let place = try files.place(recipe.hull, recipe.hullFile)
        return try shared.withLock { shared in
            if let shared, shared.place == place, shared.hull.digest == recipe.hullDigest { return shared.hull }
            let hull = try HullSource.load(place)
            try recipe.check("hull", recipe.hull, found: hull.digest, expected: recipe.hullDigest)
            shared = (place, hull)
            return hull
        }
    }
}
