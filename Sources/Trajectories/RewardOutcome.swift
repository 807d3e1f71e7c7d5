/// What came of evaluating one crystal.
package enum RewardOutcome: Sendable, Hashable {
    /// It has an energy and a reward.
    case scored(Score)
    /// The crystal's own fault: it gets the floor reward and is trained on.
    case invalid(InvalidCrystal)
    /// Not the crystal's fault: it stays out of training and baseline.
    case failed(EvaluationFailure)
}

/// The energies and the reward of a crystal.
package struct Score: Sendable, Hashable {
    /// eV/atom.
    package var energyPerAtom: Double
    /// eV/atom; negative below the hull.
    package var energyAboveHull: Double
    /// Shaped from `energyAboveHull`.
    package var reward: Double

    package init(energyPerAtom: Double, energyAboveHull: Double, reward: Double) {
        self.energyPerAtom = energyPerAtom
        self.energyAboveHull = energyAboveHull
        self.reward = reward
    }
}
