import Foundation

/// Times by their size, in memory that does not grow: quantiles of any number of them, to 5%.
struct LatencyHistogram: Sendable {
    /// Times below are counted as this one, seconds.
    private static let least = 1e-7
    private static let binsPerOctave = 16.0
    private static let binCount = 640

    private var counts = [Int](repeating: 0, count: binCount)
    private(set) var count = 0
    /// Seconds; 0 if there is none.
    private(set) var longest = 0.0

    /// Counts a time, seconds.
    mutating func add(_ seconds: Double) {
        let octaves = log2(max(seconds, Self.least) / Self.least)
        counts[min(Self.binCount - 1, Int(octaves * Self.binsPerOctave))] += 1
        count += 1
        longest = max(longest, seconds)
    }

    /// Adds the times of another one.
    mutating func add(_ other: LatencyHistogram) {
        for bin in counts.indices { counts[bin] += other.counts[bin] }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// The time that a share of all does not exceed, seconds: the upper end of its bin. 0 if there is none.
    func quantile(_ share: Double) -> Double {
        guard count > 0 else { return 0 }
        let wanted = Int((share * Double(count)).rounded(.up))
        var seen = 0
        for bin in counts.indices {
            seen += counts[bin]
            if seen >= max(1, wanted) {
                return min(longest, Self.least * exp2(Double(bin + 1) / Self.binsPerOctave))
            }
        }
        return longest
    }

    /// Median, 99th percentile and longest, microseconds.
    var microseconds: LatencyQuantiles {
        LatencyQuantiles(median: quantile(0.5) * 1e6, p99: quantile(0.99) * 1e6, longest: longest * 1e6, count: count)
    }
}

/// A distribution of times in four numbers, microseconds.
struct LatencyQuantiles: Encodable, Sendable {
    var median: Double
    var p99: Double
    var longest: Double
    var count: Int
}
