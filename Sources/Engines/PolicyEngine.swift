package import Base
package import Crystals
package import Policy
package import Trajectories

/// What one thread does with policies: it draws whole batches of crystals and takes their log-probabilities.
///
/// This is the seam of sampling and likelihood: crystals and numbers go in and out, a batch at a time, and nothing
/// below shows. Whoever needs it makes one a thread and keeps it: its buffers grow with the batches and serve every
/// version.
package final class PolicyEngine {
    /// The sizes of the policy that is drawn from.
    package let configuration: PolicyConfiguration
    private let constraint: Constraint
    private let sampler: Sampler
    private let evaluator: LikelihoodEvaluator
    private var otherEvaluator: (configuration: PolicyConfiguration, evaluator: LikelihoodEvaluator)?

    /// - Parameters:
    ///   - policy: what is drawn from, until `use`.
    ///   - options: how; log-probabilities are those under their constraint, at temperature 1.
    ///   - capacity: the most crystals that are drawn at a time.
    package init(policy: PolicyWeights, options: SamplingOptions = SamplingOptions(), capacity: Int) {
        configuration = policy.configuration
        constraint = options.constraint
        sampler = Sampler(weights: policy, options: options, capacity: capacity)
        evaluator = LikelihoodEvaluator(layout: policy.layout)
    }

    /// Takes another version of the policy into use.
    /// - Precondition: it has the sizes of the one before.
    package func use(_ policy: PolicyWeights) { sampler.use(policy) }

    /// Draws one crystal for each space group, each with its own random numbers.
    ///
    /// - Throws: ``PolicyError/outputsNotFinite``.
    /// - Precondition: as many generators as groups, and no more than the capacity.
    package func draw(_ groups: [SpaceGroup], generators: [Philox]) throws(PolicyError) -> [Sample] {
        try sampler.sample(groups, generators: generators)
    }

    /// The log-probabilities of crystals under any policy, in their order.
    ///
    /// - Throws: `PolicyError` for crystals that the policy cannot take.
    package func logProbabilities(
        of crystals: [Crystal], under policy: PolicyWeights
    ) throws(PolicyError) -> [LogProbabilities] {
        let batch = try PackedBatch(crystals, configuration: policy.configuration)
        return evaluator(for: policy).evaluate(batch, weights: policy, constraint: constraint)
    }

    /// A policy of the sizes of the one drawn from, which is the rule, shares its evaluator.
    private func evaluator(for policy: PolicyWeights) -> LikelihoodEvaluator {
        if policy.configuration == configuration { return evaluator }
        if let known = otherEvaluator, known.configuration == policy.configuration { return known.evaluator }
        let made = LikelihoodEvaluator(layout: policy.layout)
        otherEvaluator = (policy.configuration, made)
        return made
    }
}
