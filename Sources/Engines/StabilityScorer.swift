internal import Potentials
package import Rewards
internal import Stability
internal import Synchronization
package import Trajectories

/// Scores crystals by their energy above the hull; one for each thread of a reward worker.
package final class StabilityScorer: CrystalScorer {
    private let reward: StabilityReward

    package init(reward: StabilityReward) { self.reward = reward }

    package func score(_ crystals: [SampledCrystal]) -> [ScoringResult] {
        reward.evaluate(crystals.map { StabilityReward.Candidate($0.crystal, isTerminated: $0.terminated) })
            .map { ScoringResult(outcome: $0.outcome, seconds: $0.timings.totalSeconds) }
    }
}

/// Makes the scorers of a process: potential and hull are loaded for the first and shared by the others, also after the
/// reward's numbers change.
package final class StabilityScorerFactory: Sendable {
    private let shared = Mutex<(source: EngineSource, engine: ScoringEngine)?>(nil)

    package init() {}

    /// - Parameter text: JSON of `ScoringSettings`.
    /// - Throws: ``RoleError`` if potential or hull are not the learner's.
    package func makeScorer(_ text: String) throws -> any CrystalScorer {
        let settings = try PeerSettings.parse(ScoringSettings.self, from: text)
        return StabilityScorer(reward: try engine(EngineSource(settings)).makeReward(settings.reward))
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

    init(_ settings: ScoringSettings) {
        potential = settings.potential
        potentialDigest = settings.potentialDigest
        hull = settings.hull
        hullDigest = settings.hullDigest
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
