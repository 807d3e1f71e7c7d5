internal import Foundation
internal import Potentials
internal import Rewards
internal import Stability
internal import Synchronization
package import Trajectories

/// Makes the measurers of a process: potentials and hulls are loaded for the first and shared by the others, also after
/// the limits change.
package final class EngineMeasurerFactory: Sendable {
    /// So many engines are kept: those of a run's recipes.
    private static let engineLimit = 16

    private let engines = Mutex<[EngineSource: LoadedEngine]>([:])
    private let committee = Mutex<PotentialCommittee?>(nil)
    private let files: RecipeFileCache
    private let properties: PropertyModels

    /// - Parameter files: where the files lie that a recipe names.
    package init(files: RecipeFileCache = RecipeFileCache()) {
        self.files = files
        properties = PropertyModels(files)
    }

    /// - Parameter text: JSON of ``Recipe``.
    /// - Throws: ``RoleError`` if potential or hull are not the learner's.
    package func makeMeasurer(_ text: String) throws -> any CrystalMeasurer {
        let recipe = try PeerSettings.parse(Recipe.self, from: text)
        if let name = PotentialName(recipe.potential).externalName {
            throw RoleError.cannotServe(
                "this run wants the engine \(name), which this worker does not have; start the worker with "
                    + "--engine \"COMMAND\", the command of \(name)")
        }
        try recipe.checkWants()
        try recipe.checkRelaxations()
        let engine = try engine(recipe)
        if let examination = recipe.examination {
            return ExaminationMeasurer(examination, evaluator: engine.potential.makeEvaluator())
        }
        try recipe.check(engine.alignment)
        let measurer = StabilityMeasurer(
            evaluator: engine.potential.makeEvaluator(), hull: engine.hull, limits: recipe.limits,
            relaxation: recipe.relaxation, committee: try committee(recipe)?.makeEvaluator(),
            uncertaintyShare: recipe.uncertaintyShare)
        measurer.alignment = engine.alignment
        measurer.properties = try properties.evaluators(recipe)
        measurer.measuresForces = recipe.wantsForces
        return measurer
    }

    /// The potentials that tell the uncertainty, if it is wanted; loaded once.
    private func committee(_ recipe: Recipe) throws -> PotentialCommittee? {
        guard recipe.uncertaintyShare > 0 else { return nil }
        return try committee.withLock { committee in
            let loaded = try committee ?? PotentialCommittee.chgnet()
            committee = loaded
            return loaded
        }
    }

    private func engine(_ recipe: Recipe) throws -> LoadedEngine {
        let source = try EngineSource(recipe, files)
        return try engines.withLock { engines in
            if let engine = engines[source] { return engine }
            let engine = try LoadedEngine(source)
            try recipe.check(
                "potential", recipe.potential, found: engine.potential.digest, expected: recipe.potentialDigest)
            if let hull = engine.hull {
                try recipe.check("hull", recipe.hull, found: hull.digest, expected: recipe.hullDigest)
            }
            if engines.count >= Self.engineLimit { engines.removeAll() }
            engines[source] = engine
            return engine
        }
    }
}

/// A potential, and the hull that its heights are taken above, if they are.
private struct LoadedEngine: Sendable {
    let potential: any InteratomicPotential
    let hull: HullReference?

    init(_ source: EngineSource) throws(ModelError) {
        potential = try PotentialSource.load(source.potentialPlace)
        hull = try HullSource.loadAny(source.hullPlace)
        if let hull { try HullSource.check(hull, isFor: potential) }
    }

    /// How the potential's energies are brought onto the hull.
    var alignment: EnergyAlignment { EnergyAlignment(of: potential.energyConvention, on: hull) }
}

/// Which potential and hull a learner asks for, and where they are: names of embedded ones, or paths.
private struct EngineSource: Sendable, Hashable {
    var potentialDigest: String
    var hullDigest: String
    var potentialPlace: String
    var hullPlace: String

    /// - Throws: ``RoleError/work(_:)`` if a file is not here.
    init(_ recipe: Recipe, _ files: RecipeFileCache) throws(RoleError) {
        (potentialDigest, hullDigest) = (recipe.potentialDigest, recipe.hullDigest)
        potentialPlace = try files.place(recipe.potential, recipe.potentialFile)
        hullPlace = try files.place(recipe.hull, recipe.hullFile)
    }
}

extension RecipeFileCache {
    /// Where a model is: its name if it comes with the program, else the path of its file.
    ///
    /// - Throws: ``RoleError/work(_:)`` if the file is not here.
    func place(_ name: String, _ file: RecipeFile?) throws(RoleError) -> String {
        guard let file else { return name }
        guard let url = url(of: file) else {
            throw .work("the learner's file \(file.name) is not on this machine any more; start this worker again")
        }
        return url.path
    }
}
