import Archive
import Trajectories

extension RunArchive {
    /// The crystals of some versions that have their outcomes and that no step has taken, in the order of their ids, as
    /// far as the potential and the hull made them that are used now.
    ///
    /// - Parameters:
    ///   - potential: Name and digest, as in the archive's lineage.
    ///   - hull: The digest of its entries.
    func waitingCrystals(
        versions: ClosedRange<Int>, potential: String, hull: String
    ) throws(ArchiveError) -> [ScoredCrystal] {
        try crystals(versions: versions).filter {
            $0.batch == nil && $0.lineage.potential == potential && $0.lineage.hull == hull
        }.compactMap(\.scored)
    }

    /// The batch of a step, in the order of ids.
    ///
    /// - Parameter maximumStaleness: How many versions older than the step its crystals may be.
    func batch(of step: Step, maximumStaleness: Int) throws(ArchiveError) -> [ScoredCrystal] {
        try crystals(versions: max(0, step.number - maximumStaleness)...step.number).filter { $0.batch == step }
            .compactMap(\.scored)
    }
}
