package import Crystals
package import Kernels
package import Policy

/// Computes likelihoods and gradients of many crystals on several threads, with the same bits for any number of threads.
///
/// The crystals are cut into pieces of a fixed size; piece i belongs to lane i mod `laneCount`; a lane is worked through in order by one
/// thread at a time and the lanes are added up as a tree. So the order of every sum is fixed.
package final class GradientTeam {
    /// Crystals of a piece.
    package static let pieceSize = 32
    /// The most threads that can help at once.
    package static let laneCount = 16

    private let layout: ParameterLayout
    private let team: ThreadTeam
    /// The partial sum of each lane.
    private var lanes: [FloatBuffer] = []
    /// The evaluator of each thread.
    private let evaluators: [Owned]

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: LikelihoodEvaluator
    }

    package init(layout: ParameterLayout, threads: Int) {
        self.layout = layout
        let team = ThreadTeam(threadCount: min(threads, Self.laneCount))
        self.team = team
        evaluators = (0..<team.threadCount).map { _ in Owned(evaluator: LikelihoodEvaluator(layout: layout)) }
    }

    private func reserveLanes(_ count: Int) {
        while lanes.count < count { lanes.append(FloatBuffer(count: layout.parameterCount)) }
    }

    /// The log-probabilities of crystals, in their order.
    package func logProbabilities(of crystals: [Crystal], weights: PolicyWeights) throws(PolicyError)
        -> [LogProbabilities]
    {
        try run(crystals, weights: weights, coefficients: nil)
    }

    /// The log-probabilities of crystals, and the gradient of Σ coefficient · log p.
    ///
    /// - Parameters:
    ///   - coefficients: for the crystal of an index, given its log-probabilities, the weight of each component.
    ///   - gradient: overwritten.
    package func gradient(
        of crystals: [Crystal], weights: PolicyWeights, into gradient: FloatView,
        coefficients: @escaping @Sendable (Int, LogProbabilities) -> LogProbabilities
    ) throws(PolicyError) -> [LogProbabilities] {
        let laneCount = min(Self.laneCount, pieces(crystals.count))
        reserveLanes(laneCount)
        for lane in lanes.prefix(laneCount) { lane.view.fill(0) }
        let result = try run(crystals, weights: weights, coefficients: coefficients)
        var stride = 1
        while stride < laneCount {
            for lane in Swift.stride(from: 0, to: laneCount - stride, by: 2 * stride) {
                VectorMath.add(lanes[lane + stride].view, to: lanes[lane].view)
            }
            stride *= 2
        }
        if laneCount == 0 { gradient.fill(0) } else { gradient.copy(from: lanes[0].view) }
        return result
    }

    private func pieces(_ count: Int) -> Int { (count + Self.pieceSize - 1) / Self.pieceSize }

    private func run(
        _ crystals: [Crystal], weights: PolicyWeights,
        coefficients: (@Sendable (Int, LogProbabilities) -> LogProbabilities)?
    ) throws(PolicyError) -> [LogProbabilities] {
        let pieceCount = pieces(crystals.count)
        let laneCount = min(Self.laneCount, pieceCount)
        // Packing checks the crystals, here, so that the threads cannot fail.
        var batches: [PackedBatch] = []
        for piece in 0..<pieceCount {
            let range = (piece * Self.pieceSize)..<min((piece + 1) * Self.pieceSize, crystals.count)
            batches.append(try PackedBatch(crystals[range], configuration: layout.configuration))
        }
        let results = Slots<[LogProbabilities]>(count: pieceCount, empty: [])
        let (lanes, evaluators, packed) = (lanes, evaluators, batches)
        team.forEach(laneCount) { lane, thread in
            let evaluator = evaluators[thread].evaluator
            for piece in Swift.stride(from: lane, to: pieceCount, by: laneCount) {
                let batch = packed[piece]
                let values = evaluator.evaluate(batch, weights: weights, keepsGradient: coefficients != nil)
                results[piece] = values
                guard let coefficients else { continue }
                let first = piece * Self.pieceSize
                evaluator.addGradient(
                    coefficients: values.enumerated().map { coefficients(first + $0, $1) }, weights: weights,
                    to: lanes[lane].view)
            }
        }
        return results.all.flatMap { $0 }
    }
}
