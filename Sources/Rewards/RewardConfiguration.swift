package import Configuration
package import Trajectories

/// How crystals are measured and judged.
package struct RewardConfiguration: ConfigurationSection, Hashable, Codable {
    /// What counts; empty: the height above the hull alone, by `shape`.
    package var terms: [RewardTerm] = []
    package var combine = RewardCombination.sum
    package var normalize = RewardNormalization.none
    package var shape = RewardShape.default
    /// What invalid crystals get; nil for the shape's floor.
    package var invalidReward: Double?
    package var guards = RewardGuards()
    package var limits = ValidityLimits()
    package var relax = RelaxationRule()
    /// The share of the crystals whose uncertainty is measured, for the log; with a bound on it, all are.
    package var uncertaintyShare = 0.1

    package init() {}

    package static let keys: [ConfigurationKey<RewardConfiguration>] = [
        .init(
            "terms", \.terms, takes: .custom(nil) { termsProblem($0) },
            "what counts, such as `[{source: e_above_hull, shape: exponential, scale: 0.15}, {source: band_gap, "
                + "shape: target, target: 2, scale: 0.5, weight: 0.5}]`; []: the height above the hull alone, by "
                + "`shape`",
            files: .configuration(unless: [RewardTerm.KnownPlace.embedded])),
        .init(
            "combine", \.combine,
            "how the terms become one number: the weighted `sum`, the `product` of values to the power of their "
                + "weights, the `minimum` of weighted values, or `pareto`: 1 / rank by dominance and what the crystal "
                + "adds to the hypervolume of the run's front, 0 to 2"),
        .init(
            "normalize", \.normalize,
            "whether rewards are brought to mean 0 and variance 1: `none`, over the `batch`, each `space_group` of it, "
                + "or with `running` mean and variance"),
        .init(section: "shape", \.shape),
        .init(
            "invalid_reward", optional: \.invalidReward,
            absent: "the least that the terms can give, before any normalisation: 0 of an `exponential` shape, the "
                + "lower bound of a `linear` one",
            "what invalid crystals get, and those that a guard gives the floor"),
        .init(section: "guards", \.guards),
        .init(section: "limits", \.limits),
        .init(section: "relax", \.relax),
        .init(
            "uncertainty_share", \.uncertaintyShare, takes: .range(0...1),
            "the share of the crystals on which the spread of CHGNet's three versions is measured, for the log; all "
                + "with limits.maximum_uncertainty"),
    ]

    package var conflicts: [(key: String, problem: String)] {
        var conflicts: [(key: String, problem: String)] = []
        if !terms.isEmpty, shape != .default {
            conflicts.append(("shape", "has no meaning beside terms; leave one of them out"))
        }
        if invalidReward == nil, let term = terms.first(where: { $0.normalize != .none }) {
            conflicts.append(
                (
                    "invalid_reward",
                    "is missing: the term \(term.name) has normalize: \(term.normalize.rawValue), so that its bounds "
                        + "are no floor; values are mostly within -3 to 3"
                ))
        }
        if guards.uncertain != RewardGuards().uncertain, limits.maximumUncertainty == nil {
            conflicts.append(("guards.uncertain", "has a meaning where limits.maximum_uncertainty is given"))
        }
        if guards.unconverged != RewardGuards().unconverged, relax.until != .converged {
            conflicts.append(("guards.unconverged", "has a meaning where relax.until is converged"))
        }
        let least = terms.contains { $0.normalize != .none } ? .infinity : combine.floor(of: effectiveTerms)
        if let invalidReward, invalidReward.isFinite, invalidReward > least {
            conflicts.append(
                (
                    "invalid_reward",
                    "is \(invalidReward.shown); it must be at most \(least.shown), the least that the terms can give"
                ))
        }
        if let problem = combinationProblem { conflicts.append(("combine", problem)) }
        return conflicts
    }

    private static func termsProblem(_ terms: [RewardTerm]) -> String? {
        let names = terms.map(\.name)
        let twice = names.first { name in names.count { $0 == name } > 1 }
        return twice.map { "holds two terms of the name \($0): give one of them another `name`" }
    }

    private var combinationProblem: String? {
        let terms = effectiveTerms
        switch combine {
        case .sum, .minimum: return nil
        case .product:
            let low = terms.first {
                $0.shape.bounds.lowerBound < 0 || $0.normalize != .none
                    || ($0.weight < 0 && $0.shape.bounds.lowerBound == 0)
            }
            return low.map {
                "is product: the term \($0.name) can be negative, or 0 to the power of a negative weight; give it "
                    + "bounds \($0.weight < 0 ? "above 0" : "from 0 up") and no normalize"
            }
        case .pareto:
            guard (2...ParetoFront.largestDimension).contains(terms.count) else {
                return "is pareto with \(terms.count) terms; it takes 2 to \(ParetoFront.largestDimension)"
            }
            let odd = terms.first { $0.weight != 1 || $0.normalize != .none || $0.onFailure == .skip }
            return odd.map {
                "is pareto: weight, normalize and on_failure: skip of the term \($0.name) have no meaning; leave "
                    + "them out"
            }
        }
    }

    /// The terms there are: those of the list, or the height above the hull by the shape.
    package var effectiveTerms: [RewardTerm] { terms.isEmpty ? [RewardTerm(shape)] : terms }

    /// The quantities that the terms need.
    package var neededQuantities: Set<Measurement.Quantity> { Set(effectiveTerms.flatMap(\.quantities)) }

    /// Keys that are not there take their default.
    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }

    /// Whether a term asks for forces or the stress of the crystals.
    package var needsForces: Bool {
        !neededQuantities.isDisjoint(with: [.maximumForce, .forceLogMean, .stressLogMean, .forceStressLogMean])
    }

    /// The share of the crystals whose uncertainty has to be measured.
    package var measuredUncertaintyShare: Double {
        limits.maximumUncertainty == nil && !neededQuantities.contains(.uncertainty) ? uncertaintyShare : 1
    }

    /// The reward of an invalid crystal.
    package var floor: Double { invalidReward ?? combine.floor(of: effectiveTerms) }
}
