import CKernels

/// y = x · w + b with its gradient. Shapes: x `[rows, inputs]`, w `[inputs, outputs]`, b `[outputs]`, y `[rows,
/// outputs]`.
package struct Linear: Sendable {
    package let inputs: Int
    package let outputs: Int

    package init(inputs: Int, outputs: Int) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// - Parameter bias: nil for none.
    package func forward(_ x: FloatView, weight: FloatView, bias: FloatView?, into y: MutableFloatView, rows: Int) {
        BLAS.multiply(x, weight, into: y, m: rows, n: outputs, k: inputs)
        if let bias {
            precondition(bias.count == outputs && y.count >= rows * outputs)
            ck_add_bias(rows, outputs, bias.pointer, y.pointer)
        }
    }

    /// Adds the gradients of w and b, and writes that of x (or adds, if `accumulate`); `dx` nil leaves it out.
    package func backward(
        x: FloatView, weight: FloatView, dy: FloatView, dWeight: MutableFloatView, dBias: MutableFloatView?,
        dx: MutableFloatView?, rows: Int, accumulate: Bool = false
    ) {
        BLAS.multiply(x, dy, into: dWeight, m: inputs, n: outputs, k: rows, transposeA: true, beta: 1)
        if let dBias {
            precondition(dBias.count == outputs && dy.count >= rows * outputs)
            ck_sum_rows(rows, outputs, dy.pointer, dBias.pointer)
        }
        if let dx {
            BLAS.multiply(
                dy, weight, into: dx, m: rows, n: inputs, k: outputs, transposeB: true, beta: accumulate ? 1 : 0)
        }
    }
}
