extension StepRecord {
    /// How far apart potentials were on the crystals of a batch, eV/atom: a fine-tuned policy that has found the weak
    /// places of its potential shows by a growing spread.
    package struct Uncertainty: Codable, Equatable, Sendable {
        /// Counts as much, unless a bound is set, eV/atom: one known crystal in twenty is above it.
        package static let threshold = 0.1

        /// The crystals on which it was measured.
        package var crystals: Int
        package var mean: Double
        /// The 95th percentile.
        package var upper: Double
        /// The share above the threshold.
        package var above: Double
        /// The mean over the stable crystals alone; nil if there were none.
        package var stableMean: Double?

        /// One crystal's.
        package struct Crystal: Sendable {
            var value: Double
            var isStable: Bool

            package init(_ value: Double, isStable: Bool) {
                self.value = value
                self.isStable = isStable
            }
        }

        /// Of some crystals; nil if there are none.
        ///
        /// - Parameter threshold: eV/atom.
        package init?(_ crystals: [Crystal], threshold: Double) {
            guard !crystals.isEmpty else { return nil }
            func mean(_ values: [Double]) -> Double? {
                values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
            }
            let values = crystals.map(\.value)
            self.crystals = crystals.count
            self.mean = mean(values) ?? 0
            upper = values.sorted()[min(values.count - 1, Int(0.95 * Double(values.count)))]
            above = Double(values.count { $0 > threshold }) / Double(values.count)
            stableMean = mean(crystals.filter(\.isStable).map(\.value))
        }

        enum CodingKeys: String, CodingKey {
            case crystals, mean
            case upper = "p95"
            case above
            case stableMean = "stable_mean"
        }
    }
}
