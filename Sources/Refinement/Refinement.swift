import Base
package import Crystals

/// Walks many crystals: Metropolis chains on p(x) exp(-alpha E(x)) at fixed space groups and Wyckoff positions, as the
/// conditional generation of arXiv 2403.15734, section "Plug-and-play".
///
/// Walks are worked through in groups of a fixed size, so that policy and potential see batches. A group is one
/// thread's from the first step to the last, and results do not depend on the number of threads.
package struct Refinement: Sendable {
    /// Chains that go through the policy together.
    static let chainsInGroup = 32

    private let settings: RefinementSettings
    private let team: ThreadTeam
    private let targets: [Owned]

    /// A target that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let target: WalkTarget
    }

    /// What became of a crystal.
    package struct Refined: Sendable {
        /// Where the walk began.
        package let start: WalkState
        /// Where the chain of temperature 1 ended.
        package let end: WalkState
        /// The lowest energy on the way, of any chain.
        package let best: WalkState
        /// Of the chain of temperature 1.
        package let moves: [MoveKind: MoveCount]
        /// Between each chain and the next hotter one.
        package let exchanges: [MoveCount]
    }

    /// Why a crystal could not be walked.
    package enum Refusal: Error, Sendable, Hashable {
        /// The policy cannot have drawn it.
        case impossible
        /// The policy gives no finite number.
        case notFinite
        /// No proposal would change it.
        case nothingToMove
    }

    /// - Parameter makeTarget: makes what a thread asks; called once for each.
    package init(settings: RefinementSettings, threads: Int, makeTarget: () throws -> WalkTarget) rethrows {
        self.settings = settings
        team = ThreadTeam(threadCount: threads)
        targets = try (0..<team.threadCount).map { _ in Owned(target: try makeTarget()) }
    }

    /// Walks crystals, in their order.
    ///
    /// - Parameters:
    ///   - firstNumber: the number of the first crystal: a crystal's random numbers are those of its number.
    ///   - progress: called now and then, from any thread, with the steps made since the last call.
    /// - Throws: what policy and energy throw.
    package func refine(
        _ crystals: [Crystal], firstNumber: Int = 0, progress: @escaping @Sendable (_ steps: Int) -> Void = { _ in }
    ) throws -> [Result<Refined, Refusal>] {
        let size = max(1, Self.chainsInGroup / settings.temperatures.count)
        let groups = stride(from: 0, to: crystals.count, by: size).map { $0..<min($0 + size, crystals.count) }
        let (settings, targets) = (settings, targets)
        let results = team.map(groups) { group, thread in
            Result {
                var walking = try WalkGroup(
                    crystals[group], firstNumber: firstNumber + group.lowerBound, settings: settings,
                    target: targets[thread].target)
                try walking.run(progress: progress)
                return walking.results
            }
        }
        return try results.flatMap { try $0.get() }
    }
}
