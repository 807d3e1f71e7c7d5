package import Configuration
internal import Trajectories

/// One aim of a reward: a number of the crystal, what it is worth, and how much it counts. What each value is stands in
/// `keys`.
package struct RewardTerm: ConfigurationRecord, Hashable {
    package enum Want: String, CaseIterable, ConfigurationValue { case high, low }

    /// What a crystal without the number gets.
    package enum Failure: String, CaseIterable, ConfigurationValue {
        /// The term's lower bound.
        case floor
        /// What the other terms say.
        case skip
        /// Nothing: the crystal abstains.
        case exclude
    }

    package var source = ""
    private var ownName: String?
    package var factors: [String] = []
    package var elements: [String] = []
    package var spaceGroups: [Int] = []
    package var known = KnownPlace.embedded
    private var kind = TermShape.Kind.linear
    private var ownWant: Want?
    private var scale = 1.0
    private var target: Double?
    private var tolerance = 0.0
    private var penalty = TermShape.Penalty.squared
    private var side = TermShape.Side.both
    private var window: ClosedRange<Double>?
    private var bounds: ClosedRange<Double>?
    package var weight = 1.0
    package var onFailure = Failure.exclude
    package var normalize = RewardNormalization.none

    package init() {}

    /// The places of known crystals that have a name.
    package enum KnownPlace { package static let embedded = "default" }

    /// A height above the hull, judged by one of the two shapes that have a section of their own.
    init(_ shape: RewardShape) {
        source = Measurement.Quantity.energyAboveHull.rawValue
        switch shape {
        case .linear(let clip):
            kind = .linear
            bounds = clip
        case .exponential(let scale, let maximum):
            kind = .exponential
            self.scale = scale
            // A maximum that makes no sense is refused by its key.
            bounds = 0...max(0, maximum)
        }
    }

    /// What it is called in logs and tables.
    package var name: String { ownName ?? source }

    /// The measured quantities that it takes.
    var quantities: [Measurement.Quantity] {
        if source == TermSource.productName { return factors.map { Measurement.Quantity(rawValue: $0) } }
        return TermSource.isComputed(source) ? [] : [Measurement.Quantity(rawValue: source)]
    }

    /// Whether low numbers are wanted: as given, else as is usual of the source.
    package var want: Want { ownWant ?? (TermSource.isWantedLow(source) ? .low : .high) }

    /// The value that is worst for the reward: the lower bound, or the upper one where the weight turns the term round.
    var worst: Double { weight < 0 ? shape.bounds.upperBound : shape.bounds.lowerBound }

    /// The value that is best for the reward.
    var best: Double { weight < 0 ? shape.bounds.lowerBound : shape.bounds.upperBound }

    /// 1 where the reward rises with the number, -1 where it falls, 0 where it does either.
    var direction: Int {
        switch kind {
        case .target, .window: 0
        case .linear, .exponential, .sigmoid, .log: (want == .low) == (weight < 0) ? 1 : -1
        }
    }

    package var shape: TermShape {
        var shape = TermShape()
        shape.kind = kind
        shape.wantsLow = want == .low
        shape.scale = scale
        shape.target = target ?? 0
        shape.tolerance = tolerance
        shape.penalty = penalty
        shape.side = side
        shape.window = window ?? shape.window
        shape.ownBounds = bounds
        return shape
    }

    private static func only(_ kinds: TermShape.Kind...) -> KeyCondition<RewardTerm> {
        KeyCondition("shape is \(kinds.map(\.rawValue).joined(separator: " or "))") { kinds.contains($0.kind) }
    }

    private static func only(of source: String) -> KeyCondition<RewardTerm> {
        KeyCondition("source is \(source)") { $0.source == source }
    }

    package static let keys: [ConfigurationKey<RewardTerm>] = [
        .init(
            "source", \.source, takes: .custom("a name") { TermSource.problem(ofName: $0) },
            "the number: a measured quantity, such as `e_above_hull`, `formation_energy_per_atom`, `band_gap` or "
                + "`uncertainty`, or one that is computed: " + TermSource.computedNames.joined(separator: ", "),
            isRequired: true),
        .init("name", optional: \.ownName, absent: "the source", "what the term is called in logs and tables"),
        .init(
            "of", \.factors, takes: .each(.custom("a name") { TermSource.problem(ofName: $0) }),
            "the measured quantities that are multiplied, such as [band_gap, dielectric_total]",
            where: only(of: TermSource.productName)),
        .init(
            "elements", \.elements,
            takes: .each(.custom("the symbol of an element") { TermSource.problem(ofElement: $0) }),
            "the elements whose share of the atoms is taken", where: only(of: "element_fraction")),
        .init(
            "space_groups", \.spaceGroups, takes: .each(.range(1...230)),
            "the space groups that count as 1, all others as 0", where: only(of: "space_group")),
        .init(
            "known", \.known, "the index of known crystals (`druse index`) or `default`, the embedded one",
            files: .configuration(unless: [KnownPlace.embedded]), where: only(of: "novelty")),
        .init(
            "shape", \.kind,
            "what x is worth, with s the scale: `linear` x / s, `exponential` exp(x / s), `sigmoid` 1 / (1 + exp(-(x - "
                + "target) / s)), `window` 1 inside and exp(-distance / s) outside, `target` -(distance / s)² or "
                + "-distance / s, `log` ln(x / s), of 0 and less the lower bound; with `want: low` the sign of x is "
                + "turned, of `log` that of the value"),
        .init(
            "want", optional: \.ownWant,
            absent: "`low` for heights, energies, forces, uncertainty, prices, HHI and "
                + "occurrences, else `high`", "whether high or low numbers are wanted"),
        .init("scale", \.scale, takes: .above(0), "s, in the unit of the number"),
        .init(
            "target", optional: \.target, absent: "0", "where the distance is 0, or the middle of the sigmoid"),
        .init(
            "tolerance", \.tolerance, takes: .atLeast(0), "the distance from the target that costs nothing",
            where: only(.target)),
        .init("penalty", \.penalty, "`squared` or `absolute`", where: only(.target)),
        .init(
            "side", \.side, "`both`, or only numbers `below` or `above` the target cost", where: only(.target)),
        .init("window", optional: \.window, absent: "0 to 1", "the numbers that are worth 1"),
        .init(
            "bounds", optional: \.bounds,
            absent: "-10 to 10 of `linear` and `log`, 0 to 2 of `exponential`, -10 to 0 of `target`, else 0 to 1",
            "the least and the largest value"),
        .init(
            "weight", \.weight,
            takes: .custom("not 0") {
                $0 != 0 && $0.isFinite ? nil : "is \($0.shown); it must be a number other than 0"
            },
            "the factor of the term in a sum or a minimum, its exponent in a product"),
        .init(
            "on_failure", \.onFailure,
            "what a crystal without the number gets: `exclude` leaves it out of training, `floor` gives the lower "
                + "bound, `skip` leaves out the term"),
        .init(
            "normalize", \.normalize,
            "whether the values are brought to mean 0 and variance 1: `none`, over the `batch`, each `space_group` of "
                + "it, or with `running` mean and variance"),
    ]

    package var conflicts: [(key: String, problem: String)] {
        var conflicts: [(key: String, problem: String)] = []
        if kind == .target, target == nil { conflicts.append(("target", "is missing: shape target needs it")) }
        if kind == .window, window == nil { conflicts.append(("window", "is missing: shape window needs it")) }
        if target != nil, kind != .target, kind != .sigmoid {
            conflicts.append(("target", "does not belong here: it has a meaning where shape is target or sigmoid"))
        }
        if window != nil, kind != .window {
            conflicts.append(("window", "does not belong here: it has a meaning where shape is window"))
        }
        if ownWant != nil, kind == .target || kind == .window {
            conflicts.append(
                ("want", "does not belong here: it has a meaning where shape is linear, exponential, sigmoid or log"))
        }
        if let computed = factors.first(where: TermSource.isComputed) {
            conflicts.append(("of", "names \(computed), which is computed; only measured quantities are multiplied"))
        }
        if source == TermSource.productName, factors.count < 2 {
            conflicts.append(("of", "must name at least two measured quantities"))
        }
        if source == "element_fraction", elements.isEmpty {
            conflicts.append(("elements", "must name at least one element"))
        }
        if source == "space_group", spaceGroups.isEmpty {
            conflicts.append(("space_groups", "must name at least one space group"))
        }
        return conflicts
    }

    /// The index of known crystals.
    package func mappingText(_ transform: (String) -> String) -> RewardTerm {
        var mapped = self
        mapped.known = transform(known)
        return mapped
    }
}

extension TermShape.Kind: ConfigurationValue {}
extension TermShape.Penalty: ConfigurationValue {}
extension TermShape.Side: ConfigurationValue {}
