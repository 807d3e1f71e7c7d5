import Base
import Foundation
import Kernels
import Testing

/// Each backward kernel against differences of what the forward kernel is defined to be, in double precision.
@Suite struct GraphBackwardTests {
    private func numbers(_ count: Int, _ seed: UInt64, scale: Float = 2) -> FloatBuffer {
        var generator = Philox(seed: seed, domain: .testing)
        return FloatBuffer((0..<count).map { _ in scale * Float(2 * generator.uniform() - 1) })
    }

    private func index(_ count: Int, bound: Int, _ seed: UInt64) -> GraphIndex {
        var generator = Philox(seed: seed, domain: .testing)
        return GraphIndex((0..<count).map { _ in Int32(generator.uniform() * Double(bound)) }, bound: bound)
    }

    private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    private func slope(_ step: Double, _ function: (Double) -> Double) -> Double {
        (function(step) - function(-step)) / (2 * step)
    }

    private func isClose(_ found: Float, _ expected: Double, _ tolerance: Double = 2e-5) -> Bool {
        abs(Double(found) - expected) < tolerance * (1 + abs(expected))
    }

    /// One row of the gate, with its bias and norm.
    private struct Gate {
        let width: Int
        let bias: FloatBuffer
        let scale: FloatBuffer
        let offset: FloatBuffer
        let isNormed: Bool

        var norm: GraphKernels.GateNorm? {
            isNormed ? .init(scale: scale.view, offset: offset.view, epsilon: 1e-5) : nil
        }

        func callAsFunction(_ x: [Double]) -> [Double] {
            let sums = x.indices.map { x[$0] + Double(bias[$0]) }
            var halves = [Array(sums[..<width]), Array(sums[width...])]
            if isNormed {
                for half in 0..<2 {
                    let mean = halves[half].reduce(0, +) / Double(width)
                    let variance = halves[half].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
                    halves[half] = halves[half].enumerated().map { k, value in
                        (value - mean) / (variance + 1e-5).squareRoot() * Double(scale[half * width + k])
                            + Double(offset[half * width + k])
                    }
                }
            }
            return zip(halves[0], halves[1]).map { $0 / (1 + exp(-$0)) / (1 + exp(-$1)) }
        }
    }

    private func gate(_ width: Int, isNormed: Bool) -> Gate {
        Gate(
            width: width, bias: numbers(2 * width, 2), scale: numbers(2 * width, 3), offset: numbers(2 * width, 4),
            isNormed: isNormed)
    }

    @Test func siluBackward_isTheSlope() {
        let (x, dy) = (numbers(40, 1, scale: 20), numbers(40, 2))
        let dx = FloatBuffer(count: 40)
        VectorMath.siluBackward(x: x.view, dy: dy.view, into: dx.mutableView)
        for i in 0..<40 {
            let expected = slope(1e-5) { step in (Double(x[i]) + step) * sigmoid(Double(x[i]) + step) }
            #expect(isClose(dx[i], Double(dy[i]) * expected))
        }
    }

    @Test(arguments: [(64, true), (64, false), (5, true)])
    func gatherSilu_givesValueAndSlope(_ form: (width: Int, accumulate: Bool)) {
        let width = form.width
        let tables = (numbers(7 * width, 1), numbers(9 * width, 2), numbers(4 * width, 3))
        let lists = (index(20, bound: 7, 4), index(20, bound: 9, 5), index(20, bound: 4, 6))
        let (y, gradient) = (numbers(15 * width, 7), FloatBuffer(count: 15 * width))
        let before = y.array
        GraphKernels.gatherSilu(
            .init(FeatureTable(tables.0.view, stride: width), lists.0),
            .init(FeatureTable(tables.1.view, stride: width), lists.1),
            .init(FeatureTable(tables.2.view, stride: width), lists.2), rows: 3..<18, width: width,
            accumulate: form.accumulate, into: y.mutableView, slope: gradient.mutableView)
        for row in 0..<15 {
            for k in 0..<width {
                var x = Double(tables.0[lists.0[row + 3] * width + k]) + Double(tables.1[lists.1[row + 3] * width + k])
                x += Double(tables.2[lists.2[row + 3] * width + k])
                if form.accumulate { x += Double(before[row * width + k]) }
                #expect(isClose(y[row * width + k], x * sigmoid(x)))
                #expect(isClose(gradient[row * width + k], slope(1e-5) { (x + $0) * sigmoid(x + $0) }))
            }
        }
    }

    @Test(arguments: [(64, true), (64, false), (5, true), (5, false)])
    func gatedBackward_isTheSlope(_ form: (width: Int, norm: Bool)) {
        let width = form.width
        let gate = gate(width, isNormed: form.norm)
        let (x, dy) = (numbers(3 * 2 * width, 1, scale: 4), numbers(3 * width, 5))
        let dx = FloatBuffer(count: 3 * 2 * width)
        GraphKernels.gatedBackward(
            x.view, bias: gate.bias.view, norm: gate.norm, dy: dy.view, rows: 3, width: width, into: dx.mutableView)
        for row in 0..<3 {
            let values = (0..<2 * width).map { Double(x[row * 2 * width + $0]) }
            for column in 0..<2 * width {
                let expected = slope(1e-5) { step in
                    var moved = values
                    moved[column] += step
                    return zip(gate(moved), (0..<width).map { Double(dy[row * width + $0]) }).reduce(0) {
                        $0 + $1.0 * $1.1
                    }
                }
                #expect(isClose(dx[row * 2 * width + column], expected, 1e-4))
            }
        }
    }

    /// One table of weights, used once or twice by each message; two messages use one row twice.
    @Test(arguments: [(64, true, true), (64, true, false), (6, false, true), (6, true, false), (6, false, false)])
    func messageBackward_isTheSlope(_ form: (width: Int, norm: Bool, twice: Bool)) {
        let width = form.width
        let gate = gate(width, isNormed: form.norm)
        let target = GraphIndex([0, 1, 1, 0], bound: 2)
        let first = GraphIndex([0, 2, 1, 1], bound: 3)
        let second = form.twice ? GraphIndex([0, 1, 1, 2], bound: 3) : nil
        let factors: [Float] = [1, 3, 2, 5]
        let (x, dSums, table) = (numbers(4 * 2 * width, 1, scale: 4), numbers(2 * width, 5), numbers(3 * width, 6))
        let (dx, dTable) = (FloatBuffer(count: 3 * 2 * width), numbers(3 * width, 7))
        let before = dTable.array
        // The first message stays out of the range.
        GraphKernels.messageBackward(
            x.view(2 * width, 3 * 2 * width), bias: gate.bias.view, norm: gate.norm, dSums: dSums.view, target: target,
            times: factors, by: .init(table.view, derivative: dTable.mutableView, first: first, second: second),
            rows: 1..<4, width: width, into: dx.mutableView)
        func result(_ x: [Double], _ weights: [Double]) -> Double {
            (1..<4).reduce(0) { sum, row in
                let gated = gate(Array(x[row * 2 * width..<(row + 1) * 2 * width]))
                return sum
                    + (0..<width).reduce(0) { sum, k in
                        let weight =
                            weights[first[row] * width + k] * (second.map { weights[$0[row] * width + k] } ?? 1)
                        return sum + Double(dSums[target[row] * width + k]) * Double(factors[row]) * weight * gated[k]
                    }
            }
        }
        let (values, weights) = (x.array.map(Double.init), table.array.map(Double.init))
        for i in stride(from: 2 * width, to: 4 * 2 * width, by: 3) {
            let expected = slope(1e-5) { step in
                var moved = values
                moved[i] += step
                return result(moved, weights)
            }
            #expect(isClose(dx[i - 2 * width], expected, 2e-4))
        }
        for i in 0..<3 * width {
            let expected = slope(1e-5) { step in
                var moved = weights
                moved[i] += step
                return result(values, moved)
            }
            #expect(isClose(dTable[i] - before[i], expected, 2e-4))
        }
    }

    @Test(arguments: [true, false])
    func scatter_addsEachRowToItsThree(_ sloped: Bool) {
        let width = 7
        let lists = (index(9, bound: 3, 1), index(9, bound: 4, 2), index(9, bound: 2, 3))
        let (x, gradient) = (numbers(6 * width, 4), numbers(6 * width, 5))
        let before = x.array
        let tables = (FloatBuffer(count: 3 * width), FloatBuffer(count: 4 * width), FloatBuffer(count: 2 * width))
        GraphKernels.scatter(
            x.mutableView, slope: sloped ? gradient.view : nil, to: .init(tables.0.mutableView, lists.0),
            .init(tables.1.mutableView, lists.1), .init(tables.2.mutableView, lists.2), rows: 2..<8, width: width)
        for (list, table) in [(lists.0, tables.0), (lists.1, tables.1), (lists.2, tables.2)] {
            var expected = [Float](repeating: 0, count: table.count)
            for row in 0..<6 {
                for k in 0..<width {
                    let value = before[row * width + k] * (sloped ? gradient[row * width + k] : 1)
                    #expect(x[row * width + k] == value)
                    expected[list[row + 2] * width + k] += value
                }
            }
            #expect(table.array == expected)
        }
    }

    @Test(arguments: [64, 40])
    func radialBackward_isTheSlope(_ width: Int) {
        let distances = [0.03, 0.9, 2.5, 5.9, 6.0, 7.5]
        let frequencies = [2.4, 5.4, 33.3]
        let (w, v) = (numbers(3 * width, 1), numbers(3 * width, 2))
        let (dy, dz) = (numbers(6 * width, 3), numbers(6 * width, 4))
        for (exponent, isDouble) in [(8, true), (5, false)] {
            var found = [Double](repeating: 1, count: 6)
            GraphKernels.radialBackward(
                distances, frequencies: frequencies, cutoff: 6, exponent: exponent, width: width,
                through: .init(w.view, dy: dy.view), isDouble ? .init(v.view, dy: dz.view) : nil, rows: 6,
                addingTo: &found)
            for (row, d) in distances.enumerated() {
                let expected = slope(1e-6) { step in
                    let x = (d + step) / 6
                    let p = Double(exponent)
                    let envelope =
                        x < 1
                        ? 1 - (p + 1) * (p + 2) / 2 * pow(x, p) + p * (p + 2) * pow(x, p + 1)
                            - p * (p + 1) / 2 * pow(x, p + 2) : 0
                    var sum = 0.0
                    for (k, frequency) in frequencies.enumerated() {
                        let basis = envelope * (2.0 / 6).squareRoot() * sin(frequency * x) / (d + step)
                        for f in 0..<width {
                            sum += basis * Double(w[k * width + f]) * Double(dy[row * width + f])
                            if isDouble { sum += basis * Double(v[k * width + f]) * Double(dz[row * width + f]) }
                        }
                    }
                    return sum
                }
                #expect(abs(found[row] - 1 - expected) < 1e-6 * (1 + abs(expected)), "\(d)")
            }
        }
    }

    @Test func fourierBackward_isTheSlope() {
        let angles = [0.001, 0.7, 1.9, 3.14018]
        let frequencies = [1.4, 2.2, 16.3]
        let width = 64
        let (w, dy) = (numbers(7 * width, 1), numbers(4 * width, 2))
        var found = [Double](repeating: 0, count: 4)
        GraphKernels.fourierBackward(
            angles, frequencies: frequencies, width: width, through: .init(w.view, dy: dy.view), addingTo: &found)
        for (row, t) in angles.enumerated() {
            let expected = slope(1e-6) { step in
                let basis =
                    [Double(0.5).squareRoot()] + frequencies.map { sin($0 * (t + step)) }
                    + frequencies.map { cos($0 * (t + step)) }
                var sum = 0.0
                for k in 0..<7 {
                    for f in 0..<width {
                        sum +=
                            basis[k] / Double.pi.squareRoot() * Double(w[k * width + f]) * Double(dy[row * width + f])
                    }
                }
                return sum
            }
            #expect(abs(found[row] - expected) < 1e-6 * (1 + abs(expected)))
        }
    }
}
