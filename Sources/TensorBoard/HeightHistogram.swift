internal import SwiftProtobuf

/// Energies above the hull as a histogram: fine near the hull, where it is decided what is stable.
enum HeightHistogram {
    /// Upper ends, eV/atom; the last one takes all the rest.
    static let limits: [Double] =
        [-0.5, -0.2, -0.1, -0.05, 0]
        + [0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3, 5, .greatestFiniteMagnitude]

    /// - Parameter heights: eV/atom; what is not finite is left out.
    /// - Returns: nil if nothing is left.
    static func histogram(of heights: [Double]) -> Druse_Tensorboard_Histogram? {
        let heights = heights.filter(\.isFinite)
        guard let least = heights.min(), let most = heights.max() else { return nil }
        var counts = [Double](repeating: 0, count: limits.count)
        for height in heights { counts[limits.firstIndex { height <= $0 } ?? limits.count - 1] += 1 }
        return .with {
            $0.min = least
            $0.max = most
            $0.num = Double(heights.count)
            $0.sum = heights.reduce(0, +)
            $0.sumSquares = heights.reduce(0) { $0 + $1 * $1 }
            $0.bucketLimit = limits
            $0.bucket = counts
        }
    }
}
