internal import Base
internal import Foundation
internal import Kernels

/// A small network on scaled features: one hidden layer with SiLU, one output.
package struct HeadNetwork: Sendable, Equatable {
    let inputs: Int
    let hidden: Int
    /// `[inputs, hidden]`.
    var first: [Float]
    /// `[hidden]`.
    var firstBias: [Float]
    /// `[hidden]`.
    var second: [Float]
    /// The network's output is (h · second + bias) scale + offset.
    var bias: Float
    var offset: Float
    var scale: Float

    /// The output for a scaled row, of which the first features are read.
    package func predict(_ row: [Double]) -> Double {
        precondition(row.count >= inputs)
        var sums = firstBias
        for k in 0..<inputs {
            let x = Float(row[k])
            if x == 0 { continue }
            let start = k * hidden
            for j in 0..<hidden { sums[j] += x * first[start + j] }
        }
        var output = bias
        for j in 0..<hidden { output += second[j] * sums[j] / (1 + exp(-sums[j])) }
        return Double(output * scale + offset)
    }
}

/// How a network of a head is trained.
package struct HeadNetworkRecipe: Sendable, Equatable {
    /// How many of the features it reads.
    var inputs: Int
    var hidden: Int
    /// The share of hidden units that are left out of each step.
    var dropout: Double
    var epochs: Int
    var batch: Int
    var learningRate = 4e-3
    /// Of AdamW: the share of each weight that the learning rate takes off at a step.
    var weightDecay: Double
    /// The networks of an ensemble.
    var members = 4

    package init(
        inputs: Int, hidden: Int, dropout: Double, epochs: Int, batch: Int, weightDecay: Double
    ) {
        self.inputs = inputs
        self.hidden = hidden
        self.dropout = dropout
        self.epochs = epochs
        self.batch = batch
        self.weightDecay = weightDecay
    }
}

/// Trains networks of heads: Huber's loss on targets of unit spread, AdamW, learning rate falling to zero as a cosine.
package struct HeadNetworkTraining {
    private let recipe: HeadNetworkRecipe
    /// `[rows, inputs]`, scaled.
    private let rows: FloatBuffer
    private let count: Int
    /// Of unit spread.
    private let targets: [Float]
    private let offset: Float
    private let scale: Float

    /// - Parameter rows: scaled; their first features are read.
    package init(_ recipe: HeadNetworkRecipe, rows: [[Double]], targets: [Double]) {
        self.recipe = recipe
        self.rows = FloatBuffer(rows.flatMap { $0.prefix(recipe.inputs).map(Float.init) })
        count = rows.count
        let mean = targets.reduce(0, +) / Double(targets.count)
        let variance = targets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(targets.count)
        // What rounding leaves of targets that are all the same is no spread.
        let largest = targets.reduce(0) { max($0, $1.magnitude) }
        let deviation = variance.squareRoot() > 1e-12 * largest ? variance.squareRoot() : 1
        self.targets = targets.map { Float(($0 - mean) / deviation) }
        offset = Float(mean)
        scale = Float(deviation)
    }

    /// A member of the ensemble; the same numbers give the same bits.
    package func network(seed: UInt64, stream: (UInt32, UInt32)) -> HeadNetwork {
        var random = Philox(seed: seed, domain: .propertyHead, stream: (stream.0, stream.1, 1))
        let (inputs, hidden) = (recipe.inputs, recipe.hidden)
        var weights = (0..<inputs * hidden).map { _ in Float(random.normal() / Double(inputs).squareRoot()) }
        weights += [Float](repeating: 0, count: hidden)
        weights += (0..<hidden).map { _ in Float(random.normal() / Double(hidden).squareRoot()) }
        weights.append(0)
        var state = AdamW(count: weights.count, decay: recipe.weightDecay)
        let steps = max(1, recipe.epochs * ((count + recipe.batch - 1) / recipe.batch))
        var order = Array(0..<count)
        var step = 0
        let scratch = Scratch(recipe)
        for _ in 0..<recipe.epochs {
            order.shuffle(using: &random)
            for start in stride(from: 0, to: count, by: recipe.batch) {
                let batch = order[start..<min(start + recipe.batch, count)]
                let gradient = gradient(weights, batch, scratch, &random)
                let rate = recipe.learningRate * 0.5 * (1 + cos(.pi * Double(step) / Double(steps)))
                state.apply(gradient, to: &weights, rate: rate)
                step += 1
            }
        }
        let firstEnd = inputs * hidden
        return HeadNetwork(
            inputs: inputs, hidden: hidden, first: Array(weights[0..<firstEnd]),
            firstBias: Array(weights[firstEnd..<firstEnd + hidden]),
            second: Array(weights[firstEnd + hidden..<firstEnd + 2 * hidden]), bias: weights[firstEnd + 2 * hidden],
            offset: offset, scale: scale)
    }

    /// Buffers of a step.
    private final class Scratch {
        /// `[batch, inputs]`.
        let x: FloatBuffer
        /// `[batch, hidden]`: sums, and their gradients.
        let sums: FloatBuffer
        let slopes: FloatBuffer
        /// `[inputs, hidden]`.
        let first: FloatBuffer
        let gradient: FloatBuffer

        init(_ recipe: HeadNetworkRecipe) {
            x = FloatBuffer(count: recipe.batch * recipe.inputs)
            sums = FloatBuffer(count: recipe.batch * recipe.hidden)
            slopes = FloatBuffer(count: recipe.batch * recipe.hidden)
            first = FloatBuffer(count: recipe.inputs * recipe.hidden)
            gradient = FloatBuffer(count: recipe.inputs * recipe.hidden)
        }
    }

    /// The gradient of the batch's mean loss, laid out as the weights.
    private func gradient(
        _ weights: [Float], _ batch: ArraySlice<Int>, _ scratch: Scratch, _ random: inout Philox
    ) -> [Float] {
        let (inputs, hidden, size) = (recipe.inputs, recipe.hidden, batch.count)
        let firstEnd = inputs * hidden
        let bias = Array(weights[firstEnd..<firstEnd + hidden])
        let second = Array(weights[firstEnd + hidden..<firstEnd + 2 * hidden])
        scratch.first.assign(Array(weights[0..<firstEnd]))
        for (place, row) in batch.enumerated() {
            scratch.x.mutableView(place * inputs, inputs).copy(from: rows.view(row * inputs, inputs))
        }
        BLAS.multiply(
            scratch.x.view(0, size * inputs), scratch.first.view, into: scratch.sums.mutableView(0, size * hidden),
            m: size, n: hidden, k: inputs)
        let sums = scratch.sums.view(0, size * hidden).array
        var slopes = [Float](repeating: 0, count: size * hidden)
        var gradient = [Float](repeating: 0, count: weights.count)
        let keep = Float(1 - recipe.dropout)
        for (place, row) in batch.enumerated() {
            var output = weights[firstEnd + 2 * hidden]
            var activations = [Float](repeating: 0, count: hidden)
            for j in 0..<hidden {
                if recipe.dropout > 0, random.uniform() < recipe.dropout { continue }
                let z = sums[place * hidden + j] + bias[j]
                let gate = 1 / (1 + exp(-z))
                activations[j] = z * gate / keep
                slopes[place * hidden + j] = gate * (1 + z * (1 - gate)) / keep
                output += second[j] * activations[j]
            }
            // Huber's loss with its bend at 1.
            let slope = max(-1, min(1, output - targets[row])) / Float(size)
            gradient[firstEnd + 2 * hidden] += slope
            for j in 0..<hidden {
                gradient[firstEnd + hidden + j] += slope * activations[j]
                slopes[place * hidden + j] *= slope * second[j]
                gradient[firstEnd + j] += slopes[place * hidden + j]
            }
        }
        scratch.slopes.assign(slopes)
        BLAS.multiply(
            scratch.x.view(0, size * inputs), scratch.slopes.view(0, size * hidden), into: scratch.gradient.mutableView,
            m: inputs, n: hidden, k: size, transposeA: true)
        gradient.replaceSubrange(0..<firstEnd, with: scratch.gradient.array)
        return gradient
    }
}

/// Adam with decoupled decay of the weights (arXiv 1711.05101).
private struct AdamW {
    private var means: [Float]
    private var squares: [Float]
    private var step = 0
    private let decay: Double

    init(count: Int, decay: Double) {
        means = [Float](repeating: 0, count: count)
        squares = means
        self.decay = decay
    }

    mutating func apply(_ gradient: [Float], to weights: inout [Float], rate: Double) {
        step += 1
        let first = Float(rate / (1 - pow(0.9, Double(step))))
        let second = Float(1 / (1 - pow(0.999, Double(step))))
        let kept = Float(1 - rate * decay)
        let count = weights.count
        weights.withUnsafeMutableBufferPointer { weights in
            means.withUnsafeMutableBufferPointer { means in
                squares.withUnsafeMutableBufferPointer { squares in
                    gradient.withUnsafeBufferPointer { gradient in
                        for k in 0..<count {
                            let g = gradient[k]
                            means[k] += 0.1 * (g - means[k])
                            squares[k] += 0.001 * (g * g - squares[k])
                            weights[k] =
                                weights[k] * kept - first * means[k] / ((second * squares[k]).squareRoot() + 1e-8)
                        }
                    }
                }
            }
        }
    }
}
