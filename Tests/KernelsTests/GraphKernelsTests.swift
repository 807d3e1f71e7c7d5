import Base
import Foundation
import Kernels
import Testing

/// Each kernel against its definition, written out in double precision.
@Suite struct GraphKernelsTests {
    private func numbers(_ count: Int, _ seed: UInt64, scale: Float = 2) -> FloatBuffer {
        var generator = Philox(seed: seed, domain: .testing)
        return FloatBuffer((0..<count).map { _ in scale * Float(2 * generator.uniform() - 1) })
    }

    private func index(_ count: Int, bound: Int, _ seed: UInt64) -> GraphIndex {
        var generator = Philox(seed: seed, domain: .testing)
        return GraphIndex((0..<count).map { _ in Int32(generator.uniform() * Double(bound)) }, bound: bound)
    }

    private func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

    private func layerNorm(_ x: [Double], scale: [Float], offset: [Float]) -> [Double] {
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        let deviation = (variance + 1e-5).squareRoot()
        return x.indices.map { (x[$0] - mean) / deviation * Double(scale[$0]) + Double(offset[$0]) }
    }

    @Test func radialBasis_isItsDefinition() {
        let distances = [0.03, 0.9, 2.5, 4.0, 5.999, 6.0, 7.5]
        let frequencies = [2.4, 5.4, 33.3, 108.7]
        let y = FloatBuffer(count: 5 * frequencies.count)
        GraphKernels.radialBasis(
            distances, rows: 2..<7, frequencies: frequencies, cutoff: 6, exponent: 8, into: y.mutableView)
        for (row, d) in distances[2...].enumerated() {
            let x = d / 6
            let envelope = x < 1 ? 1 - 45 * pow(x, 8) + 80 * pow(x, 9) - 36 * pow(x, 10) : 0
            for (k, w) in frequencies.enumerated() {
                let expected = envelope * (2.0 / 6).squareRoot() * sin(w * x) / d
                #expect(abs(Double(y[row * 4 + k]) - expected) < 1e-7)
            }
        }
    }

    @Test func fourierBasis_isItsDefinition() {
        let angles = [0.0, 0.7, 1.9, 3.14018]
        let frequencies = [1.4, 2.2, 16.3]
        let y = FloatBuffer(count: 3 * 7)
        GraphKernels.fourierBasis(angles, rows: 1..<4, frequencies: frequencies, into: y.mutableView)
        for (row, t) in angles[1...].enumerated() {
            let expected =
                [Double(0.5).squareRoot()] + frequencies.map { sin($0 * t) } + frequencies.map { cos($0 * t) }
            for k in 0..<7 { #expect(abs(Double(y[row * 7 + k]) - expected[k] / Double.pi.squareRoot()) < 1e-7) }
        }
    }

    @Test(arguments: [(64, true, true), (64, true, false), (64, false, true), (5, false, false)])
    func gatherSum_isItsDefinition(_ form: (width: Int, accumulate: Bool, silu: Bool)) {
        let width = form.width
        let tables = (numbers(7 * (width + 3), 1), numbers(9 * width, 2), numbers(4 * width, 3))
        let lists = (index(20, bound: 7, 4), index(20, bound: 9, 5), index(20, bound: 4, 6))
        let y = numbers(15 * width, 7)
        let before = y.array
        GraphKernels.gatherSum(
            .init(FeatureTable(tables.0.view, stride: width + 3), lists.0),
            .init(FeatureTable(tables.1.view, stride: width), lists.1),
            .init(FeatureTable(tables.2.view, stride: width), lists.2), rows: 3..<18, width: width,
            accumulate: form.accumulate, silu: form.silu, into: y.mutableView)
        for row in 0..<15 {
            for k in 0..<width {
                var x = Double(tables.0[lists.0[row + 3] * (width + 3) + k])
                x += Double(tables.1[lists.1[row + 3] * width + k]) + Double(tables.2[lists.2[row + 3] * width + k])
                if form.accumulate { x += Double(before[row * width + k]) }
                #expect(abs(Double(y[row * width + k]) - (form.silu ? silu(x) : x)) < 2e-6)
            }
        }
    }

    @Test(arguments: [(64, true), (64, false), (10, true)])
    func gated_isItsDefinition(_ form: (width: Int, norm: Bool)) {
        let width = form.width
        let (x, bias) = (numbers(6 * 2 * width, 1, scale: 5), numbers(2 * width, 2))
        let (scale, offset) = (numbers(2 * width, 3), numbers(2 * width, 4))
        let y = FloatBuffer(count: 6 * width)
        GraphKernels.gated(
            x.view, bias: bias.view,
            norm: form.norm ? .init(scale: scale.view, offset: offset.view, epsilon: 1e-5) : nil, rows: 6, width: width,
            into: y.mutableView)
        for row in 0..<6 {
            let sums = (0..<2 * width).map { Double(x[row * 2 * width + $0]) + Double(bias[$0]) }
            var (core, gate) = (Array(sums[..<width]), Array(sums[width...]))
            if form.norm {
                core = layerNorm(core, scale: Array(scale.array[..<width]), offset: Array(offset.array[..<width]))
                gate = layerNorm(gate, scale: Array(scale.array[width...]), offset: Array(offset.array[width...]))
            }
            for k in 0..<width {
                #expect(abs(Double(y[row * width + k]) - silu(core[k]) / (1 + exp(-gate[k]))) < 5e-6)
            }
        }
    }

    @Test func gated_ofHugeNumbers_staysFinite() {
        let x = FloatBuffer([Float](repeating: -1e4, count: 64) + [Float](repeating: -1e4, count: 64))
        let y = FloatBuffer(count: 64)
        GraphKernels.gated(
            x.view, bias: FloatBuffer(count: 128).view, norm: nil, rows: 1, width: 64, into: y.mutableView)
        #expect(y.array.allSatisfy { abs($0) < 1e-30 })
    }

    @Test(arguments: [1, 2])
    func scatterWeighted_isItsDefinition(_ weightCount: Int) {
        let width = 64
        let x = numbers(12 * width, 1)
        let tables = [numbers(5 * width, 2), numbers(6 * width, 3)]
        let lists = [index(20, bound: 5, 4), index(20, bound: 6, 5)]
        let target = index(20, bound: 3, 6)
        let factors = (0..<20).map { Float($0 % 4) }
        var sums = [Double](repeating: 0.5, count: 3 * width)
        var expected = sums
        GraphKernels.scatterWeighted(
            x.view, times: factors,
            by: (0..<weightCount).map { .init(FeatureTable(tables[$0].view, stride: width), lists[$0]) }, to: target,
            rows: 4..<16, width: width, addingTo: &sums)
        for row in 0..<12 {
            for k in 0..<width {
                var product = Double(x[row * width + k]) * Double(factors[row + 4])
                for weight in 0..<weightCount { product *= Double(tables[weight][lists[weight][row + 4] * width + k]) }
                expected[target[row + 4] * width + k] += product
            }
        }
        for (sum, value) in zip(sums, expected) { #expect(abs(sum - value) < 3e-5) }
        let rounded = FloatBuffer(count: sums.count)
        GraphKernels.narrow(sums, count: sums.count, into: rounded.mutableView)
        #expect(rounded.array == sums.map { Float($0) })
    }
}
