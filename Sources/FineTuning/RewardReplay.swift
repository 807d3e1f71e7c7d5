package import Archive
package import Rewards
internal import Telemetry
internal import Trajectories

/// Judges the crystals of an archive again, by any reward, without measuring anything.
package struct RewardReplay {
    private var judge: RewardJudge

    /// - Throws: ``JudgingError`` where what a term needs cannot be opened.
    package init(_ configuration: RewardConfiguration) throws(JudgingError) { judge = try RewardJudge(configuration) }

    /// The front of what was judged until now; nil where terms are not combined by dominance.
    package var front: ParetoFront? { judge.state.front }

    /// The steps whose crystals were judged; nil if there are no crystals.
    package static func steps(in archive: RunArchive) throws -> ClosedRange<Int>? {
        guard let versions = try archive.versionRange() else { return nil }
        // The last steps of an asynchronous run take crystals of versions before their own.
        return versions.lowerBound...max(versions.upperBound, try archive.stepRecords().last?.step ?? 0)
    }

    /// What is judged together: the batch of a step; where all crystals of a step are of its own version, also those of
    /// a batch that is not complete.
    package static func batch(
        of step: Int, in archive: RunArchive, maximumStaleness: Int
    ) throws -> [ArchivedCrystal] {
        let crystals = try archive.crystals(versions: max(0, step - maximumStaleness)...step)
        return maximumStaleness == 0 ? crystals : crystals.filter { $0.batch?.number == step }
    }

    /// Judges the crystals of a version, in the order of their ids; versions come in order, as the run judged them.
    ///
    /// - Throws: ``JudgingError`` for a term that nobody measured.
    package mutating func judge(_ crystals: [ArchivedCrystal]) throws(JudgingError) -> Judgement {
        try judge.judge(crystals.map { ($0.crystal, $0.keptOutcome) })
    }
}
