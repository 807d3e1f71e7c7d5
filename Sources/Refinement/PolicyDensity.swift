package import Crystals
package import Policy
internal import Trajectories

/// The log-probability of a policy, given the space group: what `druse score` shows.
///
/// Coordinates that depend on each other, such as both x of "x,x,z", count each, as in the policy's own likelihood.
package final class PolicyDensity: CrystalDensity {
    private let policy: PolicyWeights
    private let constraint: Constraint
    private let evaluator: LikelihoodEvaluator

    /// - Parameter constraint: the distribution is restricted to it.
    package init(policy: PolicyWeights, constraint: Constraint = .none) {
        self.policy = policy
        self.constraint = constraint
        evaluator = LikelihoodEvaluator(layout: policy.layout)
    }

    /// - Throws: `PolicyError` for crystals that the policy cannot take.
    package func logProbabilities(of crystals: [Crystal]) throws -> [Double] {
        guard !crystals.isEmpty else { return [] }
        let batch = try PackedBatch(crystals, configuration: policy.configuration)
        return evaluator.evaluate(batch, weights: policy, constraint: constraint).map(\.total)
    }
}
