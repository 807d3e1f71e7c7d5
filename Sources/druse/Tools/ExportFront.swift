import Archive
import Base
import FineTuning
import Rewards
import Trajectories

/// The crystals of a run that no other one dominates in the aims of its reward.
struct ExportFront {
    private let aims: RewardAims

    /// Crystals read at a time.
    private static let batchSize = 512

    /// - Throws: where the run's reward has a single aim.
    init(_ directory: RunDirectory) throws {
        aims = try RewardAims(RunInputs(directory).configuration.reward)
        guard aims.axes != nil else {
            let names = aims.aims.map(\.name).joined(separator: " + ")
            throw ToolFailure(
                "--front: the run's reward has the single aim \(names); a front needs reward.combine: pareto, or a "
                    + "term whose source is product. Take --sort=-reward instead")
        }
    }

    /// The crystals that no other one of these dominates, in their order. Those that lack a number, or that a guard
    /// kept from their reward, do not count.
    func undominated(_ ids: [CrystalID], in archive: RunArchive) throws -> Set<CrystalID> {
        var found: [(id: CrystalID, point: [Double])] = []
        try ids.forEachBatch(of: Self.batchSize) { batch in
            for crystal in try archive.crystals(batch) where crystal.outcome == .scored && crystal.reason == nil {
                let numbers = try aims.numbers(of: JudgedCrystal(crystal.crystal, crystal.measurement))
                if let point = aims.point(numbers, crystal.measurement) { found.append((crystal.id, point)) }
            }
        }
        return Set(ParetoFront.undominated(found.map(\.point)).map { found[$0].id })
    }

    /// The record with the numbers of the terms.
    func completed(_ record: ExportRecord, _ crystal: ArchivedCrystal) throws -> ExportRecord {
        let numbers = try aims.numbers(of: JudgedCrystal(crystal.crystal, crystal.measurement))
        let named = zip(aims.aims, numbers).compactMap { aim, number in number.map { (aim.name, $0) } }
        return record.with(named)
    }
}
