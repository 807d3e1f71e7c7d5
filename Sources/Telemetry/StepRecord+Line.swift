import Base

extension StepRecord {
    /// The record as a line for a terminal, such as `step 12  reward 0.612 ± 0.021  stable 24.6%  valid 93.0%
    /// unique 97.1%  KL 0.031  clip 18.0%  41.2/s  12.4 s …`.
    package var humanLine: String {
        var parts = ["step \(step)"]
        if let rewardMean {
            let error = rewardError.map { " ± \(HumanFormat.fixed($0, decimals: 3))" } ?? ""
            parts.append("reward \(HumanFormat.fixed(rewardMean, decimals: 3))\(error)")
        }
        if let stableFraction { parts.append("stable \(HumanFormat.percent(stableFraction))") }
        if crystals > 0 {
            parts.append("valid \(HumanFormat.percent(1 - Double(invalidCount) / Double(crystals)))")
        }
        if failedCount > 0 { parts.append("failed \(failedCount)") }
        // Failed ones abstain as well, and are told by themselves.
        let abstaining = (abstained ?? [:]).values.reduce(0, +) - failedCount
        if abstaining > 0, crystals > 0 {
            parts.append("abstain \(HumanFormat.percent(Double(abstaining) / Double(crystals)))")
        }
        if let uniqueFraction { parts.append("unique \(HumanFormat.percent(uniqueFraction))") }
        if let klReference { parts.append("KL \(HumanFormat.number(klReference))") }
        if let overall = clipFraction?.overall { parts.append("clip \(HumanFormat.percent(overall))") }
        if let meanStaleness { parts.append("age \(HumanFormat.fixed(meanStaleness, decimals: 2))") }
        if skipped != nil { parts.append("nothing learnt: not finite") }
        if let claimsOff { parts.append("wrong log-probabilities \(claimsOff)") }
        if let gradientNorm { parts.append("gradient \(HumanFormat.number(gradientNorm))") }
        parts.append(contentsOf: paceParts)
        return parts.joined(separator: "  ")
    }

    /// The mean age of its crystals, versions; nil where all are of the step's own.
    package var meanStaleness: Double? {
        guard let staleness else { return nil }
        let sum = staleness.reduce(0.0) { $0 + (Double($1.key) ?? 0) * Double($1.value) }
        return sum / Double(max(1, staleness.values.reduce(0, +)))
    }

    /// How fast, where the time went, who took part, what went wrong.
    private var paceParts: [String] {
        let pace = seconds.total > 0 ? Double(crystals) / seconds.total : 0
        var parts = ["\(HumanFormat.number(pace)) crystals/s"]
        let phases = [
            ("wait", seconds.wait), ("train", seconds.train), ("checkpoint", seconds.checkpoint),
        ]
        let shown = phases.filter { $0.1 >= 0.05 }.map { "\($0.0) \(HumanFormat.fixed($0.1, decimals: 1))" }
        let detail = shown.isEmpty ? "" : " (\(shown.joined(separator: ", ")))"
        parts.append("\(HumanFormat.seconds(seconds.total))\(detail)")
        parts.append("actors \(workers.actors), reward workers \(workers.rewardWorkers)")
        let troubles = [
            ("regranted", regranted), ("requeued", requeued), ("speculated", speculated ?? 0),
            ("duplicates", duplicates), ("disputed", disputed ?? 0),
        ]
        parts.append(contentsOf: troubles.filter { $0.1 > 0 }.map { "\($0.0) \($0.1)" })
        return parts
    }
}
