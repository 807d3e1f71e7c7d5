package import Crystals
package import Trajectories

/// How the policy's distributions are sharpened or restricted while sampling.
package struct SamplingOptions: Sendable, Hashable {
    /// Divides logits and concentrations; lattice widths are multiplied by its square root. 1 samples the policy
    /// itself. Within ``temperatures``.
    package var temperature = 1.0
    /// The share of the probability (at temperature 1) that is kept, most likely first. 1 keeps all.
    package var topP = 1.0
    /// What may be drawn at all. Log-probabilities of the crystals want the same constraint.
    package var constraint = Constraint.none

    package init() {}

    /// Below, every choice is the likeliest one already; above, nothing is left of what the policy has learned.
    package static let temperatures = 0.01...100.0

    /// What is wrong with the options; empty if nothing is.
    package var problems: [String] {
        var problems: [String] = []
        if !Self.temperatures.contains(temperature) {
            problems.append(
                "temperature is \(temperature); it must be \(Self.temperatures.lowerBound) to "
                    + "\(Self.temperatures.upperBound)")
        }
        if !(topP > 0 && topP <= 1) { problems.append("top_p is \(topP); it must be above 0 and at most 1") }
        return problems + constraint.problems
    }
}

/// A crystal drawn from a policy.
package struct Sample: Sendable, Hashable {
    package var crystal: Crystal
    /// Whether the sequence ended by itself within the policy's number of sites.
    package var isTerminated: Bool
    /// Under the policy that drew it, its constraint included, at temperature 1 and without a nucleus; nil unless the
    /// sampler was asked for it.
    package var logProbability: LogProbabilities?

    package init(crystal: Crystal, isTerminated: Bool, logProbability: LogProbabilities? = nil) {
        self.crystal = crystal
        self.isTerminated = isTerminated
        self.logProbability = logProbability
    }
}
