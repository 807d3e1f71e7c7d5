internal import Base
package import Crystals
package import Kernels
package import Policy
package import Trajectories

/// Computes likelihoods and gradients of many crystals on several threads, with the same bits for any number of
/// threads.
///
/// The crystals are cut into pieces of a fixed size, which the threads take as they come; the gradients of the pieces
/// are added up as a tree over their numbers. So the order of every sum is fixed.
package final class GradientTeam {
    /// Crystals of a piece.
    package static let pieceSize = 16

    private let layout: ParameterLayout
    /// That under which the crystals were drawn.
    private let constraint: Constraint
    private let team: ThreadTeam
    /// Buffers of gradients, kept from call to call.
    private var buffers: [FloatBuffer] = []
    /// The evaluator of each thread.
    private let evaluators: [Owned]

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: LikelihoodEvaluator
    }

    /// The buffers of gradients that were needed at once, at most, so far.
    package var bufferCount: Int { buffers.count }

    /// - Parameter constraint: that under which the crystals were drawn.
    package init(layout: ParameterLayout, constraint: Constraint = .none, threads: Int) {
        self.layout = layout
        self.constraint = constraint
        let team = ThreadTeam(threadCount: threads)
        self.team = team
        evaluators = (0..<team.threadCount).map { _ in Owned(evaluator: LikelihoodEvaluator(layout: layout)) }
    }

    /// The most threads that a batch can keep busy.
    package static func usefulThreads(crystals: Int) -> Int { max(1, pieces(crystals)) }

    /// The log-probabilities of crystals under the constraint, in their order.
    package func logProbabilities(
        of crystals: [Crystal], weights: PolicyWeights
    ) throws(PolicyError) -> [LogProbabilities] {
        try run(crystals, weights: weights, tree: nil, coefficients: nil)
    }

    /// The log-probabilities of crystals, and the gradient of Σ coefficient · log p.
    ///
    /// - Parameters:
    ///   - coefficients: for the crystal of an index, given its log-probabilities, the weight of each component.
    ///   - gradient: overwritten.
    package func gradient(
        of crystals: [Crystal], weights: PolicyWeights, into gradient: MutableFloatView,
        coefficients: @escaping @Sendable (Int, LogProbabilities) -> LogProbabilities
    ) throws(PolicyError) -> [LogProbabilities] {
        let tree = GradientTree(
            pieceCount: Self.pieces(crystals.count), parameterCount: layout.parameterCount, spare: buffers)
        let result = try run(crystals, weights: weights, tree: tree, coefficients: coefficients)
        let (sum, buffers) = tree.finish()
        self.buffers = buffers
        if let sum { gradient.copy(from: sum.view) } else { gradient.fill(0) }
        return result
    }

    private static func pieces(_ count: Int) -> Int { (count + Self.pieceSize - 1) / Self.pieceSize }

    private func run(
        _ crystals: [Crystal], weights: PolicyWeights, tree: GradientTree?,
        coefficients: (@Sendable (Int, LogProbabilities) -> LogProbabilities)?
    ) throws(PolicyError) -> [LogProbabilities] {
        let pieceCount = Self.pieces(crystals.count)
        // Packing checks the crystals, here, so that the threads cannot fail.
        var batches: [PackedBatch] = []
        for piece in 0..<pieceCount {
            let range = (piece * Self.pieceSize)..<min((piece + 1) * Self.pieceSize, crystals.count)
            batches.append(try PackedBatch(crystals[range], configuration: layout.configuration))
        }
        let results = Slots<[LogProbabilities]>(count: pieceCount, empty: [])
        let (evaluators, packed, constraint) = (evaluators, batches, constraint)
        team.forEach(pieceCount) { piece, thread in
            let evaluator = evaluators[thread].evaluator
            let values = evaluator.evaluate(
                packed[piece], weights: weights, constraint: constraint, keepsGradient: coefficients != nil)
            results[piece] = values
            guard let coefficients, let tree else { return }
            let first = piece * Self.pieceSize
            let buffer = tree.buffer()
            evaluator.addGradient(
                coefficients: values.enumerated().map { coefficients(first + $0, $1) }, weights: weights,
                to: buffer.mutableView)
            tree.deliver(buffer, piece: piece)
        }
        return results.all.flatMap { $0 }
    }
}
