package import Crystals
internal import Engines
internal import Policy

/// The space groups of an evaluation.
package enum SpaceGroupPlan: Sendable, Hashable {
    /// As often as in the policy's training data; so many crystals in all.
    case frequencies(count: Int)
    /// Drawn uniformly from some groups; so many crystals in all.
    case among([SpaceGroup], count: Int)
    /// So many crystals in each of some groups.
    case each([SpaceGroup], count: Int)

    /// Two groups of each crystal system, for rates by space group as in arXiv 2504.02367, which names its own in a
    /// figure alone.
    package static let fourteen = [1, 2, 12, 14, 62, 63, 129, 139, 164, 166, 187, 194, 221, 225].compactMap {
        SpaceGroup(number: $0)
    }

    /// Crystals in all.
    package var count: Int {
        switch self {
        case .frequencies(let count), .among(_, let count): count
        case .each(let groups, let count): groups.count * count
        }
    }

    func choice(_ weights: PolicyWeights) -> SpaceGroupChoice {
        switch self {
        case .frequencies: .drawn(SpaceGroupDistribution(metadata: weights.metadata))
        case .among(let groups, _): .drawn(SpaceGroupDistribution(uniform: groups))
        case .each(let groups, let count): .each(groups, count: count)
        }
    }
}
