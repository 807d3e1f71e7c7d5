package import Configuration

/// The reward of a height above the hull where it is the only aim: one term (``RewardTerm``) by a name of its own.
/// Lower energies never earn less.
package enum RewardShape: Sendable, Hashable {
    /// -E_hull, eV/atom, clipped to a range: the reward of arXiv 2504.02367.
    case linear(clip: ClosedRange<Double>)
    /// exp(-E_hull / scale) held within [0, maximum]: hopeless crystals all get the same, and no energy, however deep,
    /// earns more than the maximum. `scale` in eV/atom.
    case exponential(scale: Double, maximum: Double)

    /// The paper's clipping range, -10...10.
    package static let defaultClip = -10.0...10.0
    /// eV/atom.
    static let defaultScale = 0.15
    static let defaultMaximum = 2.0

    /// The bounded shape with its default parameters.
    package static let `default` = RewardShape.exponential(scale: defaultScale, maximum: defaultMaximum)
}

// MARK: Keys

extension RewardShape: ConfigurationSection {
    package init() { self = .default }

    package enum Kind: String, CaseIterable, ConfigurationValue { case exponential, linear }

    /// Setting another kind gives its default parameters.
    package var kind: Kind {
        get {
            switch self {
            case .exponential: .exponential
            case .linear: .linear
            }
        }
        set {
            guard newValue != kind else { return }
            switch newValue {
            case .exponential: self = .default
            case .linear: self = .linear(clip: Self.defaultClip)
            }
        }
    }

    /// eV/atom; of the default where the shape has none.
    private var scale: Double {
        get { if case .exponential(let scale, _) = self { scale } else { Self.defaultScale } }
        set { self = .exponential(scale: newValue, maximum: maximum) }
    }

    private var maximum: Double {
        get { if case .exponential(_, let maximum) = self { maximum } else { Self.defaultMaximum } }
        set { self = .exponential(scale: scale, maximum: newValue) }
    }

    /// eV/atom; of the default where the shape has none.
    private var clip: ClosedRange<Double> {
        get { if case .linear(let clip) = self { clip } else { Self.defaultClip } }
        set { self = .linear(clip: newValue) }
    }

    private static func only(_ kind: Kind) -> KeyCondition<RewardShape> {
        KeyCondition("reward.shape.kind is \(kind.rawValue)") { $0.kind == kind }
    }

    package static let keys: [ConfigurationKey<RewardShape>] = [
        .init(
            "kind", \.kind,
            "how a height above the hull becomes a reward: `exponential`, exp(-E_hull / scale) within [0, maximum], "
                + "or `linear`, -E_hull within `clip`",
            isRequired: true),
        .init(
            "scale", \.scale, takes: .above(0), unit: "eV/atom", "over which the reward falls to 1/e",
            where: only(.exponential)),
        .init("maximum", \.maximum, takes: .above(0), "the largest reward", where: only(.exponential)),
        .init("clip", \.clip, unit: "eV/atom", "the bounds of the reward", where: only(.linear)),
    ]
}

extension RewardShape: Codable {
    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }
}
