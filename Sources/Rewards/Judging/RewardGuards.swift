package import Configuration

/// What keeps a policy from earning reward by errors of the potential, gaps of the hull or one crystal made again and
/// again. What each value is stands in `keys`.
package struct RewardGuards: ConfigurationSection, Hashable, Codable {
    package enum Use: String, CaseIterable, ConfigurationValue {
        case all
        /// As in arXiv 2504.02367.
        case none
    }

    /// What a crystal gets that a guard stops.
    package enum Action: String, CaseIterable, ConfigurationValue {
        /// What its terms say.
        case allow
        /// Nothing: it is in neither mean nor variance nor gradient.
        case abstain
        /// What an invalid crystal gets.
        case floor
    }

    package var use = Use.all
    package var capAtHull = true
    package var belowHull = Action.floor
    package var belowHullBy = 0.1
    package var sparseHull = Action.abstain
    package var sparseEntries = 4
    package var unconverged = Action.abstain
    package var uncertain = Action.abstain
    package var singleElements = Action.floor
    package var batchRepeats = [3, 6]
    package var runRepeats: [Int] = []
    package var spread = 0.0
    package var abstentionLimit = 0.4

    package init() {}

    /// No guard at all, as in the builds before there were any.
    package static let none: RewardGuards = {
        var guards = RewardGuards()
        guards.use = .none
        return guards
    }()

    /// Goes without guards where a run does and nobody asked for any other.
    package mutating func adopt(_ run: RewardGuards) {
        if run == .none, self == RewardGuards() { self = run }
    }

    package static let shorthand: String? = "use"

    private static let isOn = KeyCondition<RewardGuards>("reward.guards.use is all") { $0.use == .all }

    package static let keys: [ConfigurationKey<RewardGuards>] = [
        .init("use", \.use, "`all` guards as they are set here, or `none`; `guards: none` is short for it"),
        .init(
            "cap_at_hull", \.capAtHull,
            "whether a height below the hull counts as 0: nothing is earned by going deeper", where: isOn),
        .init(
            "below_hull", \.belowHull,
            "what a crystal gets that lies farther below the hull than `below_hull_by`, which is an error of the "
                + "potential or the hull: `floor`, `abstain` or `allow`", where: isOn),
        .init(
            "below_hull_by", \.belowHullBy, takes: .atLeast(0), unit: "eV/atom", "see `below_hull`",
            where: .init("reward.guards.below_hull is not allow") { $0.use == .all && $0.belowHull != .allow }),
        .init(
            "sparse_hull", \.sparseHull,
            "what a crystal gets in whose chemical system the hull has fewer than `sparse_entries` compounds, elements "
                + "included, so that its height says little", where: isOn),
        .init(
            "sparse_entries", \.sparseEntries, takes: .atLeast(0), unit: "entries", "see `sparse_hull`",
            where: .init("reward.guards.sparse_hull is not allow") { $0.use == .all && $0.sparseHull != .allow }),
        .init(
            "unconverged", \.unconverged,
            "what a crystal gets whose relaxation was to converge and did not", where: isOn),
        .init(
            "uncertain", \.uncertain,
            "what a crystal gets on which potentials are farther apart than limits.maximum_uncertainty", where: isOn),
        .init("single_elements", \.singleElements, "what a crystal of one element gets", where: isOn),
        .init(
            "batch_repeats", \.batchRepeats, takes: .custom(nil) { repeatsProblem($0) },
            "[a, b]: up to a crystals of one formula in a batch earn all of their reward, b and more of them nothing; "
                + "[]: no such guard", where: isOn),
        .init(
            "run_repeats", \.runRepeats, takes: .custom(nil) { repeatsProblem($0) },
            "the same over the whole run up to the crystal", where: isOn),
        .init(
            "spread", \.spread, takes: .atLeast(0),
            "the reward for chemistry unlike the rest of the batch: so much times one minus the mean overlap of the "
                + "crystal's composition with the others', less the batch's mean; 0: none", where: isOn),
        .init(
            "abstention_limit", \.abstentionLimit, takes: .range(0...1),
            "the share of a batch that may abstain since a guard says so or a term has no number; where it is more, "
                + "they all get the floor, so that abstaining is no way out", where: isOn),
    ]

    private static func repeatsProblem(_ bounds: [Int]) -> String? {
        if bounds.isEmpty { return nil }
        let isRange = bounds.count == 2 && bounds[0] >= 1 && bounds[1] > bounds[0]
        return isRange ? nil : "is \(bounds.shown); it must be two whole numbers, the smaller first, or []"
    }

    /// Keys that are not there take their default.
    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }
}
