package import Foundation

/// What is known of a training step once it is made: one line of `metrics.jsonl`.
///
/// Shares are of 1. Whatever a run does not measure stays nil and is left out of the line.
package struct StepRecord: Codable, Equatable, Sendable {
    /// The step's number; it made the policy version of the next one.
    package var step: Int {
        get { writtenStep ?? version }
        set { (writtenStep, version) = (newValue, newValue) }
    }
    /// Earlier builds wrote only `version`.
    private var writtenStep: Int?
    /// The policy version that the step began with: the same number, under which earlier builds wrote it.
    package private(set) var version: Int
    /// When the step was done.
    package var time: Date
    /// The crystals of its batch: scored, invalid and failed ones.
    package var crystals = 0
    /// The crystals whose energy above the hull is known.
    package var scored = 0
    /// The crystals that the weights were trained on; earlier builds did not write it.
    package var trained: Int?

    /// The mean reward of what was trained on: scored crystals and invalid ones at their floor.
    package var rewardMean: Double?
    /// The standard error of `rewardMean`.
    package var rewardError: Double?
    /// The mean reward of the scored crystals alone.
    package var rewardMeanScored: Double?
    /// The crystals close to the hull or below it, as a share of all crystals: invalid and failed ones count as
    /// unstable.
    package var stableFraction: Double?
    /// The share of the crystals that have no equal among those before them in the batch.
    package var uniqueFraction: Double?
    /// How the crystals relaxed; nil where they are judged as sampled.
    package var relaxation: Relaxation?
    /// How far apart potentials were on the crystals; nil where it was not measured.
    package var uncertainty: Uncertainty?
    /// The invalid crystals by reason, and those that are too uncertain.
    package var invalid: [String: Int] = [:]
    /// The evaluations that failed through no fault of the crystal, by reason.
    package var failed: [String: Int] = [:]

    /// The crystals that are in no mean and no gradient, by reason; nil where none abstains, and in earlier builds.
    package var abstained: [String: Int]?
    /// The measured crystals that a guard gave the floor, by reason; nil where there are none.
    package var floored: [String: Int]?
    /// The mean value of each term of the reward; nil where there is one alone.
    package var terms: [String: Double]?
    /// Of the run's front; nil without one.
    package var hypervolume: Double?

    /// The estimate of KL(policy || reference), nats a crystal.
    package var klReference: Double?
    /// The share of the probability ratios outside the clip range, after the last epoch.
    package var clipFraction: ClipFraction?
    /// The probability ratios of the crystals, new policy over sampling policy.
    package var ratio: RatioStatistics?
    /// The crystals by how many versions older than the step's own the one is that sampled them; nil where all are its
    /// own.
    package var staleness: [String: Int]?
    /// What crystals of older versions counted; nil where there are none.
    package var importance: Importance?
    /// Crystals given up since the step before because they were too old; nil if there were none.
    package var stale: Int?
    /// Crystals that no actor had begun to sample when a newer version came, which was sampled in their place; nil if
    /// there were none.
    package var abandoned: Int?
    /// The norm of the gradient before it is clipped, mean over the updates.
    package var gradientNorm: Double?
    package var learningRate: Double?
    /// The running average that is taken off the rewards.
    package var baseline: Double?
    /// 1 if the step left the weights as they were, since a loss, gradient or update was not finite; else nil.
    package var skipped: Int?
    /// The crystals that were the cause, by id.
    package var notFinite: [String]?
    /// Crystals that the policy cannot learn from, and that were left out; nil if there were none.
    package var unusable: Int?
    /// Crystals whose claimed log-probabilities were not the policy's; nil if there were none.
    package var claimsOff: Int?

    package var rates = Rates()
    package var seconds = PhaseSeconds()
    package var workers = Workers()
    /// Work units granted again because their lease ran out.
    package var regranted = 0
    /// Reward tasks queued again because their worker was lost.
    package var requeued = 0
    /// Reward tasks that an idle worker was given as well, because another had had them for far longer than usual; nil
    /// if there were none.
    package var speculated: Int?
    /// Results dropped because the crystal was already counted.
    package var duplicates = 0
    package var spread: Spread?
    /// Crystals that a second reward worker has measured since the step before, and those of them about which the two
    /// disagree; nil where there were none.
    package var audited: Int?
    package var disputed: Int?

    package init(step: Int, time: Date = Date()) {
        writtenStep = step
        version = step
        self.time = time
    }

    /// Shares of the ratios that were clipped: of whole crystals, or of each component.
    package struct ClipFraction: Codable, Equatable, Sendable {
        package var whole: Double?
        /// Wyckoff letters.
        package var w: Double?
        /// Elements.
        package var a: Double?
        /// Coordinates.
        package var xyz: Double?
        /// Lattice.
        package var l: Double?

        package init(whole: Double) { self.whole = whole }

        package init(w: Double, a: Double, xyz: Double, l: Double) {
            (self.w, self.a, self.xyz, self.l) = (w, a, xyz, l)
        }

        /// The share of whole crystals, or else the mean of the components.
        package var overall: Double? {
            let parts = [w, a, xyz, l].compactMap { $0 }
            return whole ?? (parts.isEmpty ? nil : parts.reduce(0, +) / Double(parts.count))
        }
    }

    /// Statistics of probability ratios.
    package struct RatioStatistics: Codable, Equatable, Sendable {
        package var mean: Double
        package var minimum: Double
        package var maximum: Double
        /// (sum r)^2 / sum r^2 over the number of ratios, 0...1.
        package var effectiveSampleShare: Double

        package init(mean: Double, minimum: Double, maximum: Double, effectiveSampleShare: Double) {
            self.mean = mean
            self.minimum = minimum
            self.maximum = maximum
            self.effectiveSampleShare = effectiveSampleShare
        }

        /// The statistics of some ratios; nil if there are none.
        package init?(_ ratios: [Double]) {
            guard let minimum = ratios.min(), let maximum = ratios.max() else { return nil }
            let sum = ratios.reduce(0, +)
            let squares = ratios.reduce(0) { $0 + $1 * $1 }
            self.init(
                mean: sum / Double(ratios.count), minimum: minimum, maximum: maximum,
                effectiveSampleShare: squares > 0 ? sum * sum / squares / Double(ratios.count) : 0)
        }

        enum CodingKeys: String, CodingKey {
            case mean
            case minimum = "min"
            case maximum = "max"
            case effectiveSampleShare = "ess"
        }
    }

    /// Importance weights of the crystals of a batch: π of the step's own version over π of the one that sampled it.
    package struct Importance: Codable, Equatable, Sendable {
        package var mean: Double
        package var maximum: Double
        /// (sum w)^2 / sum w^2 over the number of crystals, 0...1.
        package var effectiveSampleShare: Double
        /// The share of the crystals with a weight that `objective.importance_limit` holds.
        package var truncated: Double

        package init(mean: Double, maximum: Double, effectiveSampleShare: Double, truncated: Double) {
            self.mean = mean
            self.maximum = maximum
            self.effectiveSampleShare = effectiveSampleShare
            self.truncated = truncated
        }

        enum CodingKeys: String, CodingKey {
            case mean, truncated
            case maximum = "max"
            case effectiveSampleShare = "ess"
        }
    }

    /// Crystals per second: sampled and scored over the time from the first grant to the batch, trained over the
    /// training alone.
    package struct Rates: Codable, Equatable, Sendable {
        package var sampled = 0.0
        package var scored = 0.0
        package var trained = 0.0

        package init() {}
    }

    /// Where the time of the step went, seconds; phases of different processes overlap.
    package struct PhaseSeconds: Codable, Equatable, Sendable {
        package var wait = 0.0
        package var sample = 0.0
        package var score = 0.0
        package var train = 0.0
        package var checkpoint = 0.0
        /// The wall-clock time of the step.
        package var total = 0.0

        package init() {}
    }

    /// The peers that were connected when the batch was complete.
    package struct Workers: Codable, Equatable, Sendable {
        package var actors = 0
        package var rewardWorkers = 0

        package init() {}

        enum CodingKeys: String, CodingKey {
            case actors
            case rewardWorkers = "reward_workers"
        }
    }

    /// How many different space groups and elements the crystals use.
    package struct Spread: Codable, Equatable, Sendable {
        package var spaceGroups: Int
        package var elements: Int

        package init(spaceGroups: Int, elements: Int) {
            self.spaceGroups = spaceGroups
            self.elements = elements
        }

        enum CodingKeys: String, CodingKey {
            case spaceGroups = "space_groups"
            case elements
        }
    }

    enum CodingKeys: String, CodingKey {
        case writtenStep = "step"
        case version, time, crystals, scored, trained
        case rewardMean = "reward_mean"
        case rewardError = "reward_error"
        case rewardMeanScored = "reward_mean_scored"
        case stableFraction = "stable_fraction"
        case uniqueFraction = "unique_fraction"
        case relaxation, uncertainty, invalid, failed, abstained, floored, terms, hypervolume
        case klReference = "kl_reference"
        case clipFraction = "clip_fraction"
        case ratio, staleness, importance, stale, abandoned
        case gradientNorm = "gradient_norm"
        case learningRate = "learning_rate"
        case baseline, skipped, unusable
        case notFinite = "not_finite"
        case claimsOff = "claims_off"
        case rates = "crystals_per_second"
        case seconds, workers, regranted, requeued, speculated, duplicates, spread, audited, disputed
    }
}

extension StepRecord {
    /// The invalid crystals of all reasons.
    package var invalidCount: Int { invalid.values.reduce(0, +) }
    /// The failed evaluations of all reasons.
    var failedCount: Int { failed.values.reduce(0, +) }
    /// The standard error of the stable fraction: binomial, over all crystals.
    package var stableError: Double? {
        guard let stableFraction, crystals > 0 else { return nil }
        return (max(0, stableFraction * (1 - stableFraction)) / Double(crystals)).squareRoot()
    }

    /// Sets mean and standard error from the rewards of what was trained on.
    /// - Parameters:
    ///   - rewards: those of scored crystals and of invalid ones.
    ///   - scored: those of scored crystals alone.
    package mutating func setRewards(all rewards: [Double], scored: [Double]) {
        rewardMean = rewards.isEmpty ? nil : rewards.reduce(0, +) / Double(rewards.count)
        rewardMeanScored = scored.isEmpty ? nil : scored.reduce(0, +) / Double(scored.count)
        rewardError = nil
        guard let rewardMean, rewards.count > 1 else { return }
        let squares = rewards.reduce(0) { $0 + ($1 - rewardMean) * ($1 - rewardMean) }
        rewardError = (squares / Double(rewards.count - 1) / Double(rewards.count)).squareRoot()
    }

    /// The records of a file, one for each step in order.
    ///
    /// A learner that was killed between this line and its checkpoint makes the step again: the later line holds.
    package static func read(from url: URL) throws(TelemetryError) -> [StepRecord] {
        var latest: [Int: StepRecord] = [:]
        for record in try JSONLines.read(StepRecord.self, from: url).records { latest[record.step] = record }
        return latest.values.sorted { $0.step < $1.step }
    }
}
