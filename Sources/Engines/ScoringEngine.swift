package import Potentials
package import Rewards
package import Stability

/// The potential and the hull that crystals are judged by, loaded once and shared by the scorers of all threads.
package struct ScoringEngine: Sendable {
    package let potential: any InteratomicPotential
    package let hull: HullReference

    /// Loads them by the names of a configuration: `chgnet` or a file, `default` or a file.
    package init(potential: String, hull: String) throws {
        self.potential = try PotentialSource.load(potential)
        self.hull = try HullSource.load(hull)
    }

    /// What names them in checkpoints.
    package var digests: EngineDigests { EngineDigests(potential: potential.digest, hull: hull.digest) }

    /// A judge that one thread of a team uses at a time.
    package struct Judge: @unchecked Sendable {
        package let reward: StabilityReward
    }

    /// One judge for each thread of a team.
    package func judges(_ count: Int, _ configuration: RewardConfiguration) -> [Judge] {
        (0..<max(1, count)).map { _ in Judge(reward: makeReward(configuration)) }
    }

    /// A judge for one thread.
    package func makeReward(_ configuration: RewardConfiguration) -> StabilityReward {
        StabilityReward(evaluator: potential.makeEvaluator(), hull: hull, configuration: configuration)
    }
}
