package import Archive
package import Rewards
internal import Trajectories

/// Judges the crystals of an archive again, by any reward, without measuring anything.
package struct RewardReplay {
    private var judge: RewardJudge

    /// - Throws: ``JudgingError`` where what a term needs cannot be opened.
    package init(_ configuration: RewardConfiguration) throws(JudgingError) { judge = try RewardJudge(configuration) }

    /// The front of what was judged until now; nil where terms are not combined by dominance.
    package var front: ParetoFront? { judge.state.front }

    /// Judges the crystals of a version, in the order of their ids; versions come in order, as the run judged them.
    ///
    /// - Throws: ``JudgingError`` for a term that nobody measured.
    package mutating func judge(_ crystals: [ArchivedCrystal]) throws(JudgingError) -> Judgement {
        try judge.judge(crystals.map { ($0.crystal, $0.keptOutcome) })
    }
}
