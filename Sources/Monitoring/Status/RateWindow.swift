/// How fast a number has grown lately, from the totals that somebody looked at now and then.
///
/// It keeps few of them, the older the further apart, so that a rate over the last 10, 60 or 300 seconds is right to
/// about a tenth of its time.
package struct RateWindow: Sendable, Hashable {
    private struct Sample: Sendable, Hashable {
        /// From any fixed moment on, seconds.
        var time: Double
        var total: Double
    }

    /// What is older than this, but for one, is forgotten, seconds.
    package static let longest = 300.0
    /// Looks closer than this to one another count as one, seconds.
    private static let closest = 0.5

    /// The oldest first.
    private var samples: [Sample] = []

    package init() {}

    /// Notes a total at a time, seconds from any fixed moment.
    ///
    /// - Complexity: O(1) in the length of the run: about 50 samples are kept.
    package mutating func note(_ total: Double, at time: Double) {
        if samples.count > 1, time - samples[samples.count - 2].time < Self.closest {
            samples[samples.count - 1] = Sample(time: time, total: total)
        } else {
            samples.append(Sample(time: time, total: total))
        }
        thin(now: time)
    }

    private mutating func thin(now: Double) {
        if samples.count > 2, now - samples[1].time >= Self.longest { samples.removeFirst() }
        guard samples.count > 12 else { return }
        var kept: [Sample] = []
        kept.reserveCapacity(samples.count)
        for (place, sample) in samples.enumerated() {
            let isEnd = place == 0 || place >= samples.count - 2
            if let last = kept.last, !isEnd {
                let next = samples[place + 1].time
                if next - last.time < (now - sample.time) / 12 { continue }
            }
            kept.append(sample)
        }
        samples = kept
    }

    /// The growth a second over the last `seconds` before the newest total, or since the first where that is less; 0
    /// before there are two.
    package func rate(over seconds: Double) -> Double {
        guard let newest = samples.last, let first = samples.first, newest.time > first.time else { return 0 }
        let begin = newest.time - seconds
        let start = samples.last { $0.time <= begin } ?? first
        guard let next = samples.first(where: { $0.time > start.time }) else { return 0 }
        // The total at the begin, on the line between the two beside it.
        let share = start.time < begin ? (begin - start.time) / (next.time - start.time) : 0
        let total = start.total + share * (next.total - start.total)
        let span = newest.time - max(begin, start.time)
        return span > 0 ? (newest.total - total) / span : 0
    }

    /// Over how much of the last `seconds` that is, seconds.
    package func span(over seconds: Double) -> Double {
        guard let newest = samples.last, let first = samples.first else { return 0 }
        return min(seconds, newest.time - first.time)
    }

    package var rate: RunStatus.Rate {
        RunStatus.Rate(last10: rate(over: 10), last60: rate(over: 60), last300: rate(over: 300))
    }

    /// How many totals are kept.
    package var count: Int { samples.count }
}
