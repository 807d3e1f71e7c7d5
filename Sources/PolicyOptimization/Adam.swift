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
    private var moments: Moments

    package init(parameterCount: Int, settings: Settings = Settings()) {
        self.settings = settings
        stepCount = 0
        moments = Moments(first: FloatBuffer(count: parameterCount), second: FloatBuffer(count: parameterCount))
    }

    /// Goes on from a saved state.
    package init(settings: Settings, stepCount: Int, firstMoment: [Float], secondMoment: [Float]) {
        precondition(firstMoment.count == secondMoment.count)
        self.settings = settings
        self.stepCount = stepCount
        moments = Moments(first: FloatBuffer(firstMoment), second: FloatBuffer(secondMoment))
    }

    /// The running means of the gradient and of its square.
    ///
    /// Copies of an optimiser share them until one of the copies takes a step, as arrays do.
    private final class Moments: Sendable {
        let first: FloatBuffer
        let second: FloatBuffer

        init(first: FloatBuffer, second: FloatBuffer) {
            self.first = first
            self.second = second
        }
    }

    package var firstMoment: FloatView { moments.first.view }
    package var secondMoment: FloatView { moments.second.view }

    /// Moments that this value alone owns.
    private mutating func ownMoments() -> Moments {
        if !isKnownUniquelyReferenced(&moments) {
            moments = Moments(
                first: FloatBuffer(copying: moments.first.view), second: FloatBuffer(copying: moments.second.view))
        }
        return moments
    }

    /// Goes back to an earlier state.
    mutating func restore(stepCount: Int, firstMoment: FloatView, secondMoment: FloatView) {
        let moments = ownMoments()
        self.stepCount = stepCount
        moments.first.mutableView.copy(from: firstMoment)
        moments.second.mutableView.copy(from: secondMoment)
    }

    /// Whether all moments are finite numbers.
    package var isFinite: Bool {
        VectorMath.sumOfSquares(firstMoment).isFinite && VectorMath.sumOfSquares(secondMoment).isFinite
    }

    /// One step down the gradient of a loss; none, and nothing is changed, if the gradient is not finite.
    ///
    /// - Parameter parameters: changed in place; the caller owns them alone.
    /// - Returns: the global norm of the gradient before clipping; if it is not finite, no step was made.
    @discardableResult
    package mutating func step(
        _ parameters: MutableFloatView, gradient: FloatView, learningRate: Double
    ) -> Double {
        let norm = VectorMath.sumOfSquares(gradient).squareRoot()
        guard norm.isFinite else { return norm }
        let limit = settings.clipNorm ?? .infinity
        let scale = norm > limit ? Float(limit / norm) : 1
        stepCount += 1
        let moments = ownMoments()
        VectorMath.adam(
            gradient: gradient, scale: scale, first: moments.first.mutableView, second: moments.second.mutableView,
            parameters: parameters, beta1: settings.beta1, beta2: settings.beta2, step: stepCount,
            epsilon: settings.epsilon, rate: Float(learningRate), decay: settings.weightDecay)
        return norm
    }
}
