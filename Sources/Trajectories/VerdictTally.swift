/// What a batch's verdicts come to, for logs and tables.
package struct VerdictTally: Sendable, Hashable {
    /// How many crystals abstain, by reason; failed evaluations among them.
    package private(set) var abstained: [String: Int] = [:]
    /// How many measured crystals a guard gave the floor, by reason.
    package private(set) var floored: [String: Int] = [:]
    /// The mean value of each term over the crystals that have it, where there are several terms.
    package private(set) var termMeans: [String: Double] = [:]

    /// - Parameter verdicts: each with whether its crystal was measured: neither invalid nor failed.
    package init(_ verdicts: some Sequence<(verdict: Verdict, isMeasured: Bool)>) {
        var sums: [String: (sum: Double, count: Int)] = [:]
        for (verdict, isMeasured) in verdicts {
            if verdict.reward == nil {
                abstained[verdict.reason ?? "unknown", default: 0] += 1
            } else if isMeasured, let reason = verdict.reason {
                floored[reason, default: 0] += 1
            }
            for (name, value) in verdict.terms {
                let sum = sums[name] ?? (0, 0)
                sums[name] = (sum.sum + value, sum.count + 1)
            }
        }
        if sums.count > 1 { termMeans = sums.mapValues { $0.sum / Double($0.count) } }
    }
}
