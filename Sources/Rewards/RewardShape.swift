import Foundation

/// How an energy above the hull becomes a reward; lower energies never earn less.
package enum RewardShape: Sendable, Hashable {
    /// -E_hull, eV/atom, clipped to a range: the reward of arXiv 2504.02367.
    case linear(clip: ClosedRange<Double>)
    /// exp(-E_hull / scale) held within [0, maximum]: hopeless crystals are all alike, and no energy, however deep,
    /// earns more than the maximum. `scale` in eV/atom.
    case exponential(scale: Double, maximum: Double)

    /// The paper's clipping range, -10...10.
    package static let defaultClip = -10.0...10.0
    /// eV/atom.
    package static let defaultScale = 0.15
    package static let defaultMaximum = 2.0

    /// The bounded shape with its default parameters.
    package static let `default` = RewardShape.exponential(scale: defaultScale, maximum: defaultMaximum)

    /// The reward of an energy above the hull.
    ///
    /// - Parameter energyAboveHull: eV/atom; not NaN.
    package func reward(energyAboveHull: Double) -> Double {
        switch self {
        case .linear(let clip): min(max(-energyAboveHull, clip.lowerBound), clip.upperBound)
        case .exponential(let scale, let maximum): min(max(exp(-energyAboveHull / scale), 0), maximum)
        }
    }

    /// The least reward that the shape gives, which invalid crystals get as well.
    package var floor: Double {
        switch self {
        case .linear(let clip): clip.lowerBound
        case .exponential: 0
        }
    }
}

extension RewardShape: Codable {
    /// `kind` is `linear` or `exponential`; `clip` belongs to the first, `scale` and `maximum` to the second.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, clip, scale, maximum
    }

    private enum Kind: String, Codable { case linear, exponential }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decode(Kind.self, forKey: .kind)
        let foreign: [CodingKeys] = kind == .linear ? [.scale, .maximum] : [.clip]
        for key in foreign where container.contains(key) {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container,
                debugDescription: "'\(key.rawValue)' does not belong to the \(kind.rawValue) shape; leave it out")
        }
        switch kind {
        case .linear:
            let bounds = try container.decodeIfPresent([Double].self, forKey: .clip)
            guard let bounds else {
                self = .linear(clip: Self.defaultClip)
                return
            }
            guard bounds.count == 2, bounds[0] < bounds[1] else {
                throw DecodingError.dataCorruptedError(
                    forKey: .clip, in: container, debugDescription: "'clip' must be two numbers, the smaller first")
            }
            self = .linear(clip: bounds[0]...bounds[1])
        case .exponential:
            self = .exponential(
                scale: try container.decodeIfPresent(Double.self, forKey: .scale) ?? Self.defaultScale,
                maximum: try container.decodeIfPresent(Double.self, forKey: .maximum) ?? Self.defaultMaximum)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .linear(let clip):
            try container.encode(Kind.linear, forKey: .kind)
            try container.encode([clip.lowerBound, clip.upperBound], forKey: .clip)
        case .exponential(let scale, let maximum):
            try container.encode(Kind.exponential, forKey: .kind)
            try container.encode(scale, forKey: .scale)
            try container.encode(maximum, forKey: .maximum)
        }
    }

    /// What is wrong with the parameters, one sentence each; empty if nothing.
    ///
    /// - Parameter path: where the shape stands in the configuration, for the messages.
    package func problems(path: String) -> [String] {
        switch self {
        case .linear(let clip):
            guard clip.lowerBound.isFinite, clip.upperBound.isFinite else {
                return ["\(path).clip must be two finite numbers"]
            }
            return []
        case .exponential(let scale, let maximum):
            var problems: [String] = []
            if !(scale > 0 && scale.isFinite) { problems.append("\(path).scale must be above 0 eV/atom, not \(scale)") }
            if !(maximum > 0 && maximum.isFinite) { problems.append("\(path).maximum must be above 0, not \(maximum)") }
            return problems
        }
    }
}
