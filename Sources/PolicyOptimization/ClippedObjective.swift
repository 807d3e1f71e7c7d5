internal import Foundation
package import Trajectories

/// The clipped policy-gradient objective with a KL term inside the advantage (arXiv 2504.02367, eq. S1-S3), to be
/// maximised.
///
/// With l the log-probability of a crystal, A its advantage and k = l - l_reference: A' = A - β k, and the value is
/// min(r A', clamp(r, 1 - ε, 1 + ε) A').
/// For a crystal that an older policy sampled, r is taken to the policy that the step begins with, and each value
/// counts by an importance weight (``ImportanceWeights``).
/// With a ratio limit c, where A' < 0 it is at least c A' (the dual clip of arXiv 1912.09729): there alone the first
/// clip leaves r, and with it slope and value, without bound.
package struct ClippedObjective: Sendable, Hashable {
    /// What the ratio r is taken of.
    package enum Ratio: String, Sendable, Codable, CaseIterable {
        /// r = exp(l - l_behaviour) of the whole crystal, as in the paper.
        case crystal
        /// One ratio for each of W, A, xyz and L, each clipped by itself; the values are added up.
        case component
    }

    /// Whether the derivative runs through the KL term in A'.
    package enum Advantage: String, Sendable, Codable, CaseIterable {
        /// A' is a constant, as the paper says.
        case detached
        /// A' is differentiated, as the reference's code does.
        case differentiated
    }

    /// What is taken off β k, as the baseline is off the reward.
    package enum KLBaseline: String, Sendable, Codable, CaseIterable {
        /// Nothing, as in the paper: once β k nears the spread of the rewards almost every advantage is negative, and
        /// the policy is pushed off whatever it draws.
        case none
        /// β times the mean of k over the batch, under the policy that drew it.
        case batch
    }

    /// ε
    package var clip: Double
    /// β
    package var klWeight: Double
    package var ratio: Ratio
    package var advantage: Advantage
    /// c; nil has no limit, as in the paper.
    package var ratioLimit: Double?
    package var klBaseline: KLBaseline

    package init(
        clip: Double = 0.2, klWeight: Double = 0.1, ratio: Ratio = .crystal, advantage: Advantage = .detached,
        ratioLimit: Double? = nil, klBaseline: KLBaseline = .none
    ) {
        self.klBaseline = klBaseline
        self.ratioLimit = ratioLimit
        self.clip = clip
        self.klWeight = klWeight
        self.ratio = ratio
        self.advantage = advantage
    }

    /// The objective of one crystal.
    package struct Term: Sendable, Hashable {
        /// The value to be maximised.
        package var value: Double
        /// k = l - l_reference, nats.
        package var kl: Double
        /// d value / d log-probability, by component.
        package var derivative: LogProbabilities
        /// The ratios: one of the whole crystal, or four in the order w, a, xyz, l.
        package var ratios: [Double]
        /// Whether the clipped branch was taken, for each ratio.
        package var isClipped: [Bool]
    }

    /// Differences of log-probabilities are held within ± this, so that a ratio is always finite.
    private static let largestDifference = 60.0

    /// - Parameters:
    ///   - current: under the policy being optimised.
    ///   - proximal: under the policy that the step begins with, which is the one that drew the crystal unless that is
    ///     older.
    ///   - reference: under the frozen reference policy.
    ///   - advantage: reward minus baseline, and with a baseline of the KL term plus β times its mean.
    ///   - weights: what the crystal counts.
    package func term(
        current: LogProbabilities, proximal: LogProbabilities, reference: LogProbabilities, advantage value: Double,
        weights: ImportanceWeights = .one
    ) -> Term {
        let kl = current.total - reference.total
        let effective = value - klWeight * kl
        switch ratio {
        case .crystal:
            let part = surrogate(
                difference: current.total - proximal.total, advantage: effective, weight: weights[0])
            let slope = part.slope - (advantage == .differentiated ? klWeight * part.taken : 0)
            return Term(
                value: part.value, kl: kl, derivative: LogProbabilities(w: slope, a: slope, xyz: slope, l: slope),
                ratios: [part.ratio], isClipped: [part.isClipped])
        case .component:
            let parts = zip(current.components, proximal.components).enumerated().map {
                surrogate(difference: $1.0 - $1.1, advantage: effective, weight: weights[$0])
            }
            // A' depends on every component's log-probability, through each of the four values.
            let leak = advantage == .differentiated ? klWeight * parts.reduce(0) { $0 + $1.taken } : 0
            return Term(
                value: parts.reduce(0) { $0 + $1.value }, kl: kl,
                derivative: LogProbabilities(
                    w: parts[0].slope - leak, a: parts[1].slope - leak, xyz: parts[2].slope - leak,
                    l: parts[3].slope - leak), ratios: parts.map(\.ratio), isClipped: parts.map(\.isClipped))
        }
    }

    private struct Surrogate {
        let value: Double
        let ratio: Double
        /// The ratio that counts, by its weight: r, or the clamped one.
        let taken: Double
        /// d value / d l with the advantage held constant.
        let slope: Double
        let isClipped: Bool
    }

    private func surrogate(difference: Double, advantage: Double, weight: Double) -> Surrogate {
        let bounded = min(max(difference, -Self.largestDifference), Self.largestDifference)
        let ratio = exp(bounded)
        let clamped = min(max(ratio, 1 - clip), 1 + clip)
        if clamped * advantage < ratio * advantage {
            return Surrogate(
                value: weight * clamped * advantage, ratio: ratio, taken: weight * clamped, slope: 0, isClipped: true)
        }
        if let ratioLimit, advantage < 0, ratio > ratioLimit {
            return Surrogate(
                value: weight * ratioLimit * advantage, ratio: ratio, taken: weight * ratioLimit, slope: 0,
                isClipped: true)
        }
        return Surrogate(
            value: weight * ratio * advantage, ratio: ratio, taken: weight * ratio,
            slope: weight * ratio * advantage, isClipped: false)
    }
}
