internal import Foundation
internal import Potentials
package import Rewards
internal import Stability
internal import Synchronization
package import Trajectories

/// Measures the crystals of tasks by an engine; one for each thread of a reward worker.
package final class EngineMeasurer: CrystalMeasurer {
    private let measurer: StabilityMeasurer

    package init(measurer: StabilityMeasurer) { self.measurer = measurer }

    package func measure(_ items: [WorkItem]) -> [MeasuringResult] {
        measurer.evaluate(items.map { StabilityMeasurer.Candidate($0.crystal, isTerminated: $0.terminated) })
            .map { MeasuringResult(outcome: $0.outcome, seconds: $0.times.totalSeconds) }
    }
}

/// Makes the measurers of a process: potential and hull are loaded for the first and shared by the others, also after
/// the limits change.
package final class EngineMeasurerFactory: Sendable {
    private let shared = Mutex<(source: EngineSource, engine: ScoringEngine)?>(nil)
    private let files: RecipeFileCache

    /// - Parameter files: where the files lie that a recipe names.
    package init(files: RecipeFileCache = RecipeFileCache()) { self.files = files }

    /// - Parameter text: JSON of ``Recipe``.
    /// - Throws: ``RoleError`` if potential or hull are not the learner's.
    package func makeMeasurer(_ text: String) throws -> any CrystalMeasurer {
        let recipe = try PeerSettings.parse(Recipe.self, from: text)
        return EngineMeasurer(measurer: try engine(EngineSource(recipe, files)).makeMeasurer(recipe.limits))
    }

    /// Potential and hull, loaded if those in hand are others.
    private func engine(_ source: EngineSource) throws -> ScoringEngine {
        try shared.withLock { shared in
            if let shared, shared.source == source { return shared.engine }
            let engine = try ScoringEngine(potential: source.potentialPlace, hull: source.hullPlace)
            try source.check(engine)
            shared = (source, engine)
            return engine
        }
    }
}

/// Which potential and hull a learner asks for.
private struct EngineSource: Sendable, Hashable {
    var potential: String
    var potentialDigest: String
    var hull: String
    var hullDigest: String
    /// Where they are: names of embedded ones, or paths.
    var potentialPlace: String
    var hullPlace: String

    /// - Throws: ``RoleError/work(_:)`` if a file is not here.
    init(_ recipe: Recipe, _ files: RecipeFileCache) throws(RoleError) {
        func place(_ name: String, _ file: RecipeFile?) throws(RoleError) -> String {
            guard let file else { return name }
            guard let url = files.url(of: file) else {
                throw .work("the learner's file \(file.name) is not on this machine any more; start this worker again")
            }
            return url.path
        }
        (potential, hull) = (recipe.potential, recipe.hull)
        (potentialDigest, hullDigest) = (recipe.potentialDigest, recipe.hullDigest)
        potentialPlace = try place(recipe.potential, recipe.potentialFile)
        hullPlace = try place(recipe.hull, recipe.hullFile)
    }

    /// - Throws: ``RoleError/cannotServe(_:)``, with both digests, if the engine is another one than the learner's.
    func check(_ engine: ScoringEngine) throws {
        for (kind, name, found, expected) in [
            ("potential", potential, engine.potential.digest, potentialDigest),
            ("hull", hull, engine.hull.digest, hullDigest),
        ] where found != expected {
            throw RoleError.cannotServe(
                "the \(kind) \(name) on this machine is not the learner's: its digest is \(found), the learner's is "
                    + "\(expected); use the same build of druse on both sides")
        }
    }
}
