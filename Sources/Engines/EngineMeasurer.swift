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

    package init() {}

    /// - Parameter text: JSON of ``Recipe``.
    /// - Throws: ``RoleError`` if potential or hull are not the learner's.
    package func makeMeasurer(_ text: String) throws -> any CrystalMeasurer {
        let recipe = try PeerSettings.parse(Recipe.self, from: text)
        return EngineMeasurer(measurer: try engine(EngineSource(recipe)).makeMeasurer(recipe.limits))
    }

    /// Potential and hull, loaded if those in hand are others.
    private func engine(_ source: EngineSource) throws -> ScoringEngine {
        try shared.withLock { shared in
            if let shared, shared.source == source { return shared.engine }
            let engine = try ScoringEngine(potential: source.potential, hull: source.hull)
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

    init(_ recipe: Recipe) {
        potential = recipe.potential
        potentialDigest = recipe.potentialDigest
        hull = recipe.hull
        hullDigest = recipe.hullDigest
    }

    /// - Throws: ``RoleError/cannotServe(_:)``, with both digests, if the engine is another one than the learner's.
    func check(_ engine: ScoringEngine) throws {
        for (kind, name, found, expected) in [
            ("potential", potential, engine.potential.digest, potentialDigest),
            ("hull", hull, engine.hull.digest, hullDigest),
        ] where found != expected {
            throw RoleError.cannotServe(
                "the \(kind) \(name) on this machine is not the learner's: its digest is \(found), the learner's is "
                    + "\(expected); install the learner's file here")
        }
    }
}
