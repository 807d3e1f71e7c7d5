import CKernels

/// Layer normalisation of rows: biased variance, epsilon 1e-5, scale and offset.
package struct LayerNorm: Sendable {
    package let size: Int
    package let epsilon: Float

    package init(size: Int, epsilon: Float = 1e-5) {
        self.size = size
        self.epsilon = epsilon
    }

    /// - Parameters:
    ///   - x, y: `[rows, size]`
    ///   - mean, inverseDeviation: `[rows]`, kept for the backward pass.
    package func forward(
        _ x: FloatView, scale: FloatView, offset: FloatView, into y: MutableFloatView,
        mean: MutableFloatView, inverseDeviation: MutableFloatView, rows: Int
    ) {
        precondition(x.count >= rows * size && y.count >= rows * size && scale.count == size && offset.count == size)
        precondition(mean.count >= rows && inverseDeviation.count >= rows)
        ck_layer_norm(
            rows, size, epsilon, x.pointer, scale.pointer, offset.pointer, y.pointer, mean.pointer,
            inverseDeviation.pointer)
    }

    /// Adds to `dx`, `dScale` and `dOffset`.
    package func backward(
        x: FloatView, scale: FloatView, mean: FloatView, inverseDeviation: FloatView, dy: FloatView,
        addingTo dx: MutableFloatView, dScale: MutableFloatView, dOffset: MutableFloatView, rows: Int
    ) {
        precondition(x.count >= rows * size && dy.count >= rows * size && dx.count >= rows * size)
        precondition(scale.count == size && dScale.count == size && dOffset.count == size)
        precondition(mean.count >= rows && inverseDeviation.count >= rows)
        ck_layer_norm_backward(
            rows, size, x.pointer, scale.pointer, mean.pointer, inverseDeviation.pointer, dy.pointer, dx.pointer,
            dScale.pointer, dOffset.pointer)
    }
}
