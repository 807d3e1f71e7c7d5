package import Kernels

/// Adam with gradient clipping by global norm and a rate that the caller sets for each step.
///
/// The same as optax's `chain(clip_by_global_norm, scale_by_adam, scale_by_schedule, scale(-1))`; decoupled weight
/// decay (AdamW) is optional.
package struct Adam: Sendable {
    package struct Settings: Sendable, Hashable {
        package var beta1: Float = 0.9
        package var beta2: Float = 0.999
        package var epsilon: Float = 1e-8
        /// The largest global norm of a gradient; nil does not clip.
        package var clipNorm: Double? = 1
        package var weightDecay: Float = 0

        package init() {}
    }

    package let settings: Settings
    /// The steps taken.
    package private(set) var stepCount: Int
    package let firstMoment: FloatBuffer
    package let secondMoment: FloatBuffer

    package init(parameterCount: Int, settings: Settings = Settings()) {
        self.settings = settings
        stepCount = 0
        firstMoment = FloatBuffer(count: parameterCount)
        secondMoment = FloatBuffer(count: parameterCount)
    }

    /// Goes on from a saved state.
    package init(settings: Settings, stepCount: Int, firstMoment: [Float], secondMoment: [Float]) {
        precondition(firstMoment.count == secondMoment.count)
        self.settings = settings
        self.stepCount = stepCount
        self.firstMoment = FloatBuffer(firstMoment)
        self.secondMoment = FloatBuffer(secondMoment)
    }

    /// The state in buffers of its own; a plain copy of this value shares its moments.
    package var copy: Adam {
        Adam(
            settings: settings, stepCount: stepCount, firstMoment: firstMoment.array, secondMoment: secondMoment.array)
    }

    /// Goes back to an earlier state.
    mutating func restore(stepCount: Int, firstMoment: FloatView, secondMoment: FloatView) {
        self.stepCount = stepCount
        self.firstMoment.view.copy(from: firstMoment)
        self.secondMoment.view.copy(from: secondMoment)
    }

    /// Whether all moments are finite numbers.
    package var isFinite: Bool {
        VectorMath.sumOfSquares(firstMoment.view).isFinite && VectorMath.sumOfSquares(secondMoment.view).isFinite
    }

    /// One step down the gradient of a loss; none, and nothing is changed, if the gradient is not finite.
    ///
    /// - Parameter parameters: changed in place; the caller owns them alone.
    /// - Returns: the global norm of the gradient before clipping; if it is not finite, no step was made.
    @discardableResult
    package mutating func step(_ parameters: FloatView, gradient: FloatView, learningRate: Double) -> Double {
        let norm = VectorMath.sumOfSquares(gradient).squareRoot()
        guard norm.isFinite else { return norm }
        let limit = settings.clipNorm ?? .infinity
        let scale = norm > limit ? Float(limit / norm) : 1
        stepCount += 1
        VectorMath.adam(
            gradient: gradient, scale: scale, first: firstMoment.view, second: secondMoment.view,
            parameters: parameters,
            beta1: settings.beta1, beta2: settings.beta2, step: stepCount, epsilon: settings.epsilon,
            rate: Float(learningRate), decay: settings.weightDecay)
        return norm
    }
}
