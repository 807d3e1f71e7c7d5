package import Crystals
internal import Kernels
package import Policy
package import Trajectories

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
    /// The state before the step at hand, in case it has to be taken back.
    private let parametersBefore, firstBefore, secondBefore: FloatBuffer
    private let gradient: FloatBuffer
    private let team: GradientTeam
    private let metadata: [String: String]

    package init(weights: PolicyWeights, optimiser: Adam, threads: Int) {
        layout = weights.layout
        parameters = FloatBuffer(weights.parameters.array)
        gradient = FloatBuffer(count: weights.layout.parameterCount)
        parametersBefore = FloatBuffer(count: weights.layout.parameterCount)
        firstBefore = FloatBuffer(count: weights.layout.parameterCount)
        secondBefore = FloatBuffer(count: weights.layout.parameterCount)
        team = GradientTeam(layout: weights.layout, threads: threads)
        metadata = weights.metadata
        self.optimiser = optimiser
    }

    /// A copy of the weights as they are now.
    package var weights: PolicyWeights {
        PolicyWeights(
            layout: layout, sharing: FloatBuffer(copying: parameters.view).view, metadata: metadata)
    }

    /// What came of a step.
    package struct Step: Sendable {
        /// Before the step.
        package var loss: LikelihoodLoss
        /// Before clipping.
        package var gradientNorm: Double
        /// False if loss, gradient or update is not finite: nothing has changed then.
        package var isTaken: Bool
        /// The crystals whose log-probabilities are not finite, by their place in the minibatch.
        package var notFinite: [Int]
    }

    /// One step on a minibatch, or none if a number in it is not finite.
    package func step(_ crystals: [Crystal], learningRate: Double) throws(PolicyError) -> Step {
        let share = -1 / Double(max(1, crystals.count))
        let coefficient = LogProbabilities(w: share, a: share, xyz: share, l: share)
        let values = try team.gradient(of: crystals, weights: weights, into: gradient.mutableView) { _, _ in coefficient
        }
        var step = Step(loss: LikelihoodLoss(values), gradientNorm: 0, isTaken: false, notFinite: [])
        step.notFinite = values.indices.filter { !values[$0].total.isFinite }
        step.gradientNorm = VectorMath.sumOfSquares(gradient.view).squareRoot()
        guard step.notFinite.isEmpty, step.gradientNorm.isFinite else { return step }
        let count = optimiser.stepCount
        parametersBefore.mutableView.copy(from: parameters.view)
        firstBefore.mutableView.copy(from: optimiser.firstMoment)
        secondBefore.mutableView.copy(from: optimiser.secondMoment)
        optimiser.step(parameters.mutableView, gradient: gradient.view, learningRate: learningRate)
        step.isTaken = optimiser.isFinite && VectorMath.sumOfSquares(parameters.view).isFinite
        if !step.isTaken {
            parameters.mutableView.copy(from: parametersBefore.view)
            optimiser.restore(stepCount: count, firstMoment: firstBefore.view, secondMoment: secondBefore.view)
        }
        return step
    }

    /// The loss on crystals that are not trained on.
    package func validationLoss(_ crystals: [Crystal]) throws(PolicyError) -> LikelihoodLoss {
        LikelihoodLoss(try team.logProbabilities(of: crystals, weights: weights))
    }
}
