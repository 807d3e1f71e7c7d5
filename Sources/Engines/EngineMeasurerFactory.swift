internal import Foundation
internal import Potentials
internal import Stability
internal import Synchronization
package import Trajectories

/// Makes the measurers of a process: potential and hull are loaded for the first and shared by the others, also after
/// the limits change.
package final class EngineMeasurerFactory: Sendable {
    private let shared = Mutex<(source: EngineSource, engine: ScoringEngine)?>(nil)
    private let committee = Mutex<PotentialCommittee?>(nil)
    private let files: RecipeFileCache

    /// - Parameter files: where the files lie that a recipe names.
    package init(files: RecipeFileCache = RecipeFileCache()) { self.files = files }

    /// - Parameter text: JSON of ``Recipe``.
    /// - Throws: ``RoleError`` if potential or hull are not the learner's.
    package func makeMeasurer(_ text: String) throws -> any CrystalMeasurer {
        let recipe = try PeerSettings.parse(Recipe.self, from: text)
        if let name = PotentialName(recipe.potential).externalName {
            throw RoleError.cannotServe(
                "this run wants the engine \(name), which this worker does not have; start the worker with "
                    + "--engine \"COMMAND\", the command of \(name)")
        }
        return try engine(recipe).makeMeasurer(recipe, committee: try committee(recipe))
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

    /// Potential and hull, loaded if those in hand are others.
    private func engine(_ recipe: Recipe) throws -> ScoringEngine {
        let source = try EngineSource(recipe, files)
        return try shared.withLock { shared in
            if let shared, shared.source == source { return shared.engine }
            let engine = try ScoringEngine(potential: source.potentialPlace, hull: source.hullPlace)
            try recipe.check(
                "potential", recipe.potential, found: engine.potential.digest, expected: recipe.potentialDigest)
            try recipe.check("hull", recipe.hull, found: engine.hull.digest, expected: recipe.hullDigest)
            shared = (source, engine)
            return engine
        }
    }
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
