package import Crystals
internal import Policy
package import Trajectories

/// A crystal to learn from.
package struct Experience: Sendable {
    package var crystal: Crystal
    /// Under the policy that drew it, as the process that drew it claims.
    package var behaviour: LogProbabilities
    /// Under the frozen reference policy, as claimed.
    package var reference: LogProbabilities
    package var reward: Double

    package init(crystal: Crystal, behaviour: LogProbabilities, reference: LogProbabilities, reward: Double) {
        self.crystal = crystal
        self.behaviour = behaviour
        self.reference = reference
        self.reward = reward
    }

    /// Numbers beyond this are neither rewards nor log-probabilities, and their squares would drown all others.
    static let largestNumber = 1e6

    /// Whether a policy of these sizes can learn from it: it can describe the crystal, and all numbers are sensible.
    func isUsable(by configuration: PolicyConfiguration) -> Bool {
        let lattice = crystal.lattice
        let numbers =
            behaviour.components + reference.components + [reward]
            + [lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma]
            + crystal.sites.flatMap { [$0.position.x, $0.position.y, $0.position.z] }
        guard numbers.allSatisfy({ abs($0) <= Self.largestNumber }) else { return false }
        return (try? PackedBatch([crystal], configuration: configuration)) != nil
    }
}

extension LogProbabilities {
    /// Whether every component is a finite number of sensible size.
    var isSensible: Bool { components.allSatisfy { abs($0) <= Experience.largestNumber } }
}
