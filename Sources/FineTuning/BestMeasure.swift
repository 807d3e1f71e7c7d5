package import Archive
internal import Configuration
package import Trajectories

/// By what the best version of a run is told.
package enum BestMeasure: String, CaseIterable, ConfigurationValue {
    /// None is kept.
    case none
    /// The stable crystals among all that it sampled; invalid and failed ones count as unstable.
    case stableFraction = "stable_fraction"
    /// The mean reward of its crystals, of those that have one.
    case reward

    /// What a batch says of the version that sampled it; nil where it says nothing.
    ///
    /// The batch of a step was sampled by the version that the step begins with, so it judges that one, whose
    /// checkpoint the step before saved. In a batch of several versions it is the newest that sampled half of it or
    /// more, by its own crystals.
    ///
    /// - Parameters:
    ///   - verdicts: of the batch's crystals, in their order.
    ///   - stableBelow: eV/atom.
    package func judge(_ batch: ScoredBatch, verdicts: [Verdict], stableBelow: Double) -> BestVersion? {
        guard self != .none else { return nil }
        var counts: [PolicyVersion: Int] = [:]
        for item in batch.crystals { counts[item.sampled.id.version, default: 0] += 1 }
        guard let version = counts.filter({ $0.value * 2 >= batch.crystals.count }).keys.max() else { return nil }
        let values: [Double]
        switch self {
        case .none: return nil
        case .stableFraction:
            values = batch.crystals.filter { $0.sampled.id.version == version }.map { item in
                guard case .measured(let measurement) = item.outcome else { return 0 }
                return measurement[.energyAboveHull] ?? .infinity <= stableBelow ? 1 : 0
            }
        case .reward:
            values = zip(batch.crystals, verdicts).compactMap { item, verdict in
                item.sampled.id.version == version ? verdict.reward : nil
            }
        }
        let value = values.reduce(0, +) / Double(values.count)
        return value.isFinite ? BestVersion(version: version.number, measure: rawValue, value: value) : nil
    }
}
