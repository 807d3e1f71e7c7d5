internal import Potentials
package import Rewards
internal import Stability
internal import Synchronization

/// Scores crystals by their energy above the hull; one for each thread of a reward worker.
package final class StabilityScorer: CrystalScorer {
    private let reward: StabilityReward

    package init(reward: StabilityReward) { self.reward = reward }

    package func score(_ crystals: [SampledCrystal]) -> [ScoringResult] {
        crystals.map { sampled in
            let evaluation = reward.evaluate(sampled.crystal, isTerminated: sampled.terminated)
            return ScoringResult(outcome: evaluation.outcome, seconds: evaluation.timings.totalSeconds)
        }
    }
}

/// Makes the scorers of a process: potential and hull are loaded for the first and shared by the others.
package final class StabilityScorerFactory: Sendable {
    private let shared = Mutex<(settings: ScoringSettings, engine: ScoringEngine)?>(nil)

    package init() {}

    /// - Parameter text: JSON of `ScoringSettings`.
    package func makeScorer(_ text: String) throws -> any CrystalScorer {
        let settings = try PeerSettings.parse(ScoringSettings.self, from: text)
        let engine = try shared.withLock { shared in
            if let shared, shared.settings == settings { return shared.engine }
            let engine = try ScoringEngine(potential: settings.potential, hull: settings.hull)
            guard engine.potential.digest == settings.potentialDigest else {
                throw RoleError.work(
                    "the potential \(settings.potential) here is not the learner's (digest \(engine.potential.digest), "
                        + "expected \(settings.potentialDigest)); install the same file")
            }
            guard engine.hull.compoundCount == settings.hullCompounds else {
                throw RoleError.work(
                    "the hull \(settings.hull) here is not the learner's (\(engine.hull.compoundCount) compositions, "
                        + "expected \(settings.hullCompounds)); install the same file")
            }
            shared = (settings, engine)
            return engine
        }
        return StabilityScorer(reward: engine.makeReward(settings.reward))
    }
}
