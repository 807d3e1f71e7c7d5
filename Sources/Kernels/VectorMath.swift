import CKernels

/// Element-wise loops over views, vectorised for the CPU at hand.
package enum VectorMath {
    /// y = exp(x), element by element; may be in place.
    package static func exp(_ x: FloatView, into y: MutableFloatView) {
        precondition(x.count == y.count)
        ck_exp(x.count, x.pointer, y.pointer)
    }

    /// y += a · x
    package static func add(_ x: FloatView, times a: Float = 1, to y: MutableFloatView) {
        precondition(x.count == y.count)
        if a == 1 { ck_add(x.count, x.pointer, y.pointer) } else { ck_axpy(x.count, a, x.pointer, y.pointer) }
    }

    /// x *= a
    package static func scale(_ x: MutableFloatView, by a: Float) { ck_scale(x.count, a, x.pointer) }

    /// Σ x², accumulated in double.
    package static func sumOfSquares(_ x: FloatView) -> Double { ck_sum_of_squares(x.count, x.pointer) }

    /// The tanh approximation of GELU, as JAX's default.
    package static func gelu(_ x: FloatView, into y: MutableFloatView) {
        precondition(x.count == y.count)
        ck_gelu(x.count, x.pointer, y.pointer)
    }

    /// dx = dy · gelu'(x); `dx` may be `dy`.
    package static func geluBackward(x: FloatView, dy: FloatView, into dx: MutableFloatView) {
        precondition(x.count == dy.count && x.count == dx.count)
        ck_gelu_backward(x.count, x.pointer, dy.pointer, dx.pointer)
    }

    /// y = x · sigmoid(x)
    package static func silu(_ x: FloatView, into y: MutableFloatView) {
        precondition(x.count == y.count)
        ck_silu(x.count, x.pointer, y.pointer)
    }

    /// dx = dy · silu'(x)
    package static func siluBackward(x: FloatView, dy: FloatView, into dx: MutableFloatView) {
        precondition(x.count == dy.count && x.count == dx.count)
        ck_silu_backward(x.count, x.pointer, dy.pointer, dx.pointer)
    }

    /// y = 1 / (1 + exp(-x))
    package static func sigmoid(_ x: FloatView, into y: MutableFloatView) {
        precondition(x.count == y.count)
        ck_sigmoid(x.count, x.pointer, y.pointer)
    }

    /// y = ln(1 + exp(x)) - ln 2; may be in place.
    package static func shiftedSoftplus(_ x: FloatView, into y: MutableFloatView) {
        precondition(x.count == y.count)
        ck_shifted_softplus(x.count, x.pointer, y.pointer)
    }

    /// log softmax of the first `columns` numbers of each row; rows are `stride` apart in both views.
    package static func logSoftmax(_ x: FloatView, into y: MutableFloatView, rows: Int, columns: Int, stride: Int) {
        precondition(rows == 0 || (rows - 1) * stride + columns <= min(x.count, y.count))
        ck_log_softmax(rows, columns, stride, x.pointer, y.pointer)
    }

    /// One Adam step in place; `scale` multiplies the gradient, moments are bias-corrected for step number `step` (from
    /// 1).
    package static func adam(
        gradient: FloatView, scale: Float, first: MutableFloatView, second: MutableFloatView,
        parameters: MutableFloatView, beta1: Float, beta2: Float, step: Int, epsilon: Float, rate: Float, decay: Float
    ) {
        let count = parameters.count
        precondition(gradient.count == count && first.count == count && second.count == count)
        let correction1 = 1 / (1 - power(Double(beta1), step))
        let correction2 = 1 / (1 - power(Double(beta2), step))
        ck_adam(
            count, gradient.pointer, scale, first.pointer, second.pointer, parameters.pointer, beta1, beta2,
            Float(correction1), Float(correction2), epsilon, rate, decay)
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var result = 1.0
        var factor = base
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}
