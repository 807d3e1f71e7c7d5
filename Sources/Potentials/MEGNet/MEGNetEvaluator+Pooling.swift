internal import Foundation
internal import Kernels

/// Set2Set: a set of vectors becomes one vector, by attention in several rounds (Vinyals et al., arXiv 1511.06391).
extension MEGNetEvaluator {
    /// - Parameters:
    ///   - x: `[rows, width]`
    ///   - counts: how often each row is in the set.
    /// - Returns: `[2 * width]`: the last query and what it reads.
    func pool(_ x: FloatView, _ counts: [Double], _ pooling: MEGNetWeights.Pooling, rounds: Int) -> [Float] {
        let rows = counts.count
        // Query, what it read, and the query again: the LSTM's input and its own state.
        let input = hidden.mutableView(3 * width)
        input.fill(0)
        var memory = [Double](repeating: 0, count: width)
        let gates = destinationPart.mutableView(4 * width)
        let scores = sourcePart.mutableView(rows)
        for _ in 0..<rounds {
            BLAS.multiply(input.view, pooling.weight, into: gates, m: 1, n: 4 * width, k: 3 * width)
            let gate = zip(gates.array, pooling.bias).map { Double($0 + $1) }
            var query = [Float](repeating: 0, count: width)
            for unit in 0..<width {
                let added = sigmoid(gate[unit]) * tanh(gate[2 * width + unit])
                memory[unit] = sigmoid(gate[width + unit]) * memory[unit] + added
                query[unit] = Float(sigmoid(gate[3 * width + unit]) * tanh(memory[unit]))
            }
            input.mutableView(0, width).assign(query)
            input.mutableView(2 * width, width).assign(query)
            BLAS.multiply(x, input.view(0, width), into: scores, m: rows, n: 1, k: width)
            scores.assign(attention(scores.array, counts))
            BLAS.multiply(scores.view, x, into: input.mutableView(width, width), m: 1, n: width, k: rows)
        }
        return input.view(0, 2 * width).array
    }

    /// Softmax over the members of the set; equal members share a row.
    private func attention(_ scores: [Float], _ counts: [Double]) -> [Float] {
        let top = Double(scores.max() ?? 0)
        let weights = zip(scores, counts).map { $1 * exp(Double($0) - top) }
        let sum = weights.reduce(0, +)
        return weights.map { Float($0 / sum) }
    }

    private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
