internal import Configuration

/// Whether values are brought to mean 0 and variance 1, and over what.
package enum RewardNormalization: String, CaseIterable, ConfigurationValue {
    case none
    /// Over all crystals of a batch.
    case batch
    /// Over the crystals of a batch that share a space group.
    case spaceGroup = "space_group"
    /// With mean and variance that are averaged over the run, each batch with the weight 1 - `RunningMoments.memory`.
    case running
}

/// Mean and variance averaged over the batches of a run.
package struct RunningMoments: Codable, Sendable, Hashable {
    static let memory = 0.95
    var mean: Double
    var variance: Double

    /// The moments of some values.
    init(_ values: [Double]) {
        let count = Double(max(1, values.count))
        let mean = values.reduce(0, +) / count
        self.mean = mean
        variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    }

    /// Takes in the moments of another batch; the spread of the batches' means counts as variance.
    mutating func update(_ batch: RunningMoments) {
        let share = 1 - Self.memory
        let shift = batch.mean - mean
        mean += share * shift
        variance = Self.memory * (variance + share * shift * shift) + share * batch.variance
    }

    /// (value - mean) / standard deviation; 0 where nothing varies.
    func standardized(_ value: Double) -> Double { variance > 1e-24 ? (value - mean) / variance.squareRoot() : 0 }
}

extension RewardNormalization {
    /// Values with mean 0 and variance 1; nil stays nil and counts in no moment. Where nothing varies all are 0.
    ///
    /// - Parameters:
    ///   - groups: the space group of each crystal.
    ///   - running: the moments of the batches before, which take in this one; for ``running`` alone.
    func normalized(
        _ values: [Double?], groups: [Int], running: inout RunningMoments?
    ) -> [Double?] {
        switch self {
        case .none: return values
        case .batch:
            let moments = RunningMoments(values.compactMap { $0 })
            return values.map { $0.map(moments.standardized) }
        case .spaceGroup:
            var members: [Int: [Double]] = [:]
            for (group, value) in zip(groups, values) { if let value { members[group, default: []].append(value) } }
            let moments = members.mapValues { RunningMoments($0) }
            return zip(groups, values).map { group, value in value.flatMap { moments[group]?.standardized($0) } }
        case .running:
            let present = values.compactMap { $0 }
            guard !present.isEmpty else { return values }
            let batch = RunningMoments(present)
            var moments = running ?? batch
            if running != nil { moments.update(batch) }
            running = moments
            return values.map { $0.map(moments.standardized) }
        }
    }
}
