package import Crystals

/// How the policy's distributions are sharpened or restricted while sampling.
package struct SamplingOptions: Sendable, Hashable {
    /// Divides logits and concentrations; lattice widths are multiplied by its square root. 1 samples the policy
    /// itself.
    package var temperature = 1.0
    /// The share of the probability (at temperature 1) that is kept, most likely first. 1 keeps all.
    package var topP = 1.0
    /// The elements to choose from; nil for all 118.
    package var elements: Set<Element>?

    package init() {}

    /// What is wrong with the options; empty if nothing is.
    package var problems: [String] {
        var problems: [String] = []
        if !(temperature > 0 && temperature.isFinite) {
            problems.append("temperature is \(temperature); it must be positive")
        }
        if !(topP > 0 && topP <= 1) { problems.append("top_p is \(topP); it must be above 0 and at most 1") }
        if let elements, elements.isEmpty { problems.append("the list of elements is empty") }
        return problems
    }
}

/// A crystal drawn from a policy.
package struct Sample: Sendable, Hashable {
    package var crystal: Crystal
    /// Whether the sequence ended by itself within the policy's number of sites.
    package var isTerminated: Bool

    package init(crystal: Crystal, isTerminated: Bool) {
        self.crystal = crystal
        self.isTerminated = isTerminated
    }
}
