import Foundation
import Kernels
import Testing

/// Vectorised loops against the plain functions of the C library.
@Suite struct VectorMathTests {
    private let inputs: [Float] = stride(from: Float(-30), through: 30, by: 0.037).map { $0 }

    private func apply(_ function: (FloatView, MutableFloatView) -> Void) -> [Float] {
        let output = FloatBuffer(count: inputs.count)
        function(FloatBuffer(inputs).view, output.mutableView)
        return output.array
    }

    @Test func exp_isWithinRounding() {
        for (x, y) in zip(inputs, apply { VectorMath.exp($0, into: $1) }) {
            #expect(abs(Double(y) - exp(Double(x))) <= 4e-7 * exp(Double(x)))
        }
    }

    @Test func exp_ofExtremes_isFinite() {
        let buffer = FloatBuffer([-1e30, 1e30, -.infinity, .infinity])
        VectorMath.exp(buffer.view, into: buffer.mutableView)
        #expect(buffer.array.allSatisfy { $0.isFinite })
        #expect(buffer[0] < 1e-37)
    }

    @Test func shiftedSoftplus_isItsDefinition() {
        for (x, y) in zip(inputs, apply { VectorMath.shiftedSoftplus($0, into: $1) }) {
            let expected = max(0, Double(x)) + log1p(exp(-abs(Double(x)))) - log(2)
            #expect(abs(Double(y) - expected) < 2e-7 * max(1, abs(expected)))
        }
        let extremes = FloatBuffer([-1e30, 1e30, 0])
        VectorMath.shiftedSoftplus(extremes.view, into: extremes.mutableView)
        #expect(extremes[0] == -0.6931472 && extremes[1] == 1e30 && abs(extremes[2]) < 1e-7)
    }

    @Test func gelu_isTheTanhForm() {
        for (x, y) in zip(inputs, apply { VectorMath.gelu($0, into: $1) }) {
            #expect(abs(Double(y) - gelu(Double(x))) < 2e-6 * max(1, abs(Double(x))))
        }
    }

    @Test func geluBackward_isTheSlope() {
        let ones = FloatBuffer([Float](repeating: 1, count: inputs.count))
        let slopes = apply { VectorMath.geluBackward(x: $0, dy: ones.view, into: $1) }
        for (x, slope) in zip(inputs, slopes) {
            let expected = (gelu(Double(x) + 1e-5) - gelu(Double(x) - 1e-5)) / 2e-5
            #expect(abs(Double(slope) - expected) < 1e-5)
        }
    }

    @Test func siluAndSigmoid_areTheirs() {
        for (x, y) in zip(inputs, apply { VectorMath.silu($0, into: $1) }) {
            #expect(abs(Double(y) - Double(x) / (1 + exp(-Double(x)))) < 1e-5)
        }
        for (x, y) in zip(inputs, apply { VectorMath.sigmoid($0, into: $1) }) {
            #expect(abs(Double(y) - 1 / (1 + exp(-Double(x)))) < 1e-6)
        }
    }

    @Test func logSoftmax_addsUpToOne() {
        let output = FloatBuffer(count: inputs.count)
        VectorMath.logSoftmax(FloatBuffer(inputs).view, into: output.mutableView, rows: 3, columns: 40, stride: 50)
        for row in 0..<3 {
            let sum = (0..<40).reduce(0.0) { $0 + exp(Double(output[50 * row + $1])) }
            #expect(abs(sum - 1) < 1e-5)
        }
    }

    private func gelu(_ x: Double) -> Double {
        0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    /// In place and apart, the same bits.
    @Test func elementwise_inPlace_hasTheSameBits() {
        for function in [VectorMath.exp, VectorMath.gelu, VectorMath.silu, VectorMath.sigmoid] {
            let buffer = FloatBuffer(inputs)
            let apart = FloatBuffer(count: inputs.count)
            function(buffer.view, apart.mutableView)
            function(buffer.view, buffer.mutableView)
            #expect(buffer.bytes == apart.bytes)
        }
    }
}
