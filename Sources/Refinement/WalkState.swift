package import Crystals

/// Where a chain is.
package struct WalkState: Sendable, Hashable {
    package var crystal: Crystal
    /// Under the policy, natural log.
    package var logProbability: Double
    /// Nil for a crystal that is not allowed.
    package var energy: Double?

    package init(crystal: Crystal, logProbability: Double, energy: Double?) {
        self.crystal = crystal
        self.logProbability = logProbability
        self.energy = energy
    }

    /// The reference's scale of "impossible" is -1e10.
    static let impossible = -1e9

    /// Whether the policy can draw it.
    var isPossible: Bool { logProbability > Self.impossible }

    /// Whether it is the better of two: its energy is lower, or as low and it is likelier.
    func isBetter(than other: WalkState) -> Bool {
        guard let energy else { return false }
        guard let known = other.energy else { return true }
        return energy < known || (energy == known && logProbability > other.logProbability)
    }
}
