package import Crystals
internal import Kernels
package import Policy

/// Mean negative log-probabilities of a set of crystals, by component, nats a crystal.
package struct LikelihoodLoss: Sendable, Hashable, Codable {
    package var total: Double
    package var w: Double
    package var a: Double
    package var xyz: Double
    package var l: Double

    package init(_ values: [LogProbabilities]) {
        let n = Double(max(1, values.count))
        w = -values.reduce(0) { $0 + $1.w } / n
        a = -values.reduce(0) { $0 + $1.a } / n
        xyz = -values.reduce(0) { $0 + $1.xyz } / n
        l = -values.reduce(0) { $0 + $1.l } / n
        total = w + a + xyz + l
    }
}

/// Maximum-likelihood training: Adam on the mean negative log-probability of minibatches.
package final class MaximumLikelihoodTrainer {
    package let layout: ParameterLayout
    package private(set) var optimiser: Adam
    private let parameters: FloatBuffer
    private let gradient: FloatBuffer
    private let team: GradientTeam
    private let facts: [String: String]

    package init(weights: PolicyWeights, optimiser: Adam, threads: Int) {
        layout = weights.layout
        parameters = FloatBuffer(weights.parameters.array)
        gradient = FloatBuffer(count: weights.layout.parameterCount)
        team = GradientTeam(layout: weights.layout, threads: threads)
        facts = weights.metadata
        self.optimiser = optimiser
    }

    /// A copy of the weights as they are now.
    package var weights: PolicyWeights {
        PolicyWeights(layout: layout, parameters: parameters.array, metadata: facts)
    }

    /// One step on a minibatch.
    ///
    /// - Returns: the loss before the step and the norm of the gradient before clipping.
    package func step(_ crystals: [Crystal], learningRate: Double) throws(PolicyError) -> (
        loss: LikelihoodLoss, gradientNorm: Double
    ) {
        let share = -1 / Double(max(1, crystals.count))
        let coefficient = LogProbabilities(w: share, a: share, xyz: share, l: share)
        let values = try team.gradient(of: crystals, weights: weights, into: gradient.view) { _, _ in coefficient }
        let norm = optimiser.step(parameters.view, gradient: gradient.view, learningRate: learningRate)
        return (LikelihoodLoss(values), norm)
    }

    /// The loss on crystals that are not trained on.
    package func validationLoss(_ crystals: [Crystal]) throws(PolicyError) -> LikelihoodLoss {
        LikelihoodLoss(try team.logProbabilities(of: crystals, weights: weights))
    }
}
