internal import Foundation
package import Trajectories

/// What a crystal that an older policy sampled counts, next to one of the policy that a step begins with.
///
/// The objective is decoupled (arXiv 2110.00641, section 3; AReaL, arXiv 2505.24298, eq. 5): the clipped ratio is taken
/// to the *proximal* policy, with which the step begins, so that an old crystal is clipped no sooner than a new one.
/// That another policy, the *behaviour* policy, sampled it is made up for by a weight, min(π_proximal / π_behaviour,
/// limit), which is a constant. There is one for each ratio of the objective: of the whole crystal, or of each
/// component.
package struct ImportanceWeights: Sendable, Hashable {
    /// One for each ratio, in their order; none: all are 1.
    let values: [Double]
    /// Of those, how many the limit holds.
    package let truncatedCount: Int

    /// Of a crystal that the policy itself sampled.
    package static let one = ImportanceWeights(values: [], truncatedCount: 0)

    private init(values: [Double], truncatedCount: Int) {
        self.values = values
        self.truncatedCount = truncatedCount
    }

    /// - Parameters:
    ///   - proximal: Under the policy that the step begins with.
    ///   - behaviour: Under the one that sampled the crystal; nil: that is the proximal policy, and all weights are 1.
    ///   - limit: No weight is larger; at least 1.
    package init(
        proximal: LogProbabilities, behaviour: LogProbabilities?, ratio: ClippedObjective.Ratio, limit: Double
    ) {
        guard let behaviour else {
            self = .one
            return
        }
        let differences =
            switch ratio {
            case .crystal: [proximal.total - behaviour.total]
            case .component: zip(proximal.components, behaviour.components).map { $0 - $1 }
            }
        let bound = log(limit)
        values = differences.map { $0 > bound ? limit : exp($0) }
        truncatedCount = differences.count { $0 > bound }
    }

    /// That of the ratio at a place.
    subscript(_ place: Int) -> Double { values.isEmpty ? 1 : values[place] }

    /// Of the whole crystal.
    package var product: Double { values.reduce(1, *) }
}
