import Archive
import Base
import FineTuning
import Rewards
import Trajectories

/// The crystals of a run that no other one dominates in the aims of its reward.
struct ExportFront {
    private let directory: RunDirectory
    private let reward: RewardConfiguration
    private let aims: RewardAims

    /// Crystals read at a time.
    private static let batchSize = 512

    /// - Throws: where the run's reward has a single aim.
    init(_ directory: RunDirectory) throws {
        self.directory = directory
        reward = try RunInputs(directory).reward()
        aims = try RewardAims(reward)
        guard reward.combine == .pareto || aims.axes != nil else {
            let names = aims.aims.map(\.name).joined(separator: " + ")
            throw ToolFailure(
                "--front: the run's reward has the single aim \(names); a front needs reward.combine: pareto, or a "
                    + "term whose source is product. Take --sort=-reward instead")
        }
    }

    /// The crystals that no other one of these dominates, in their order. Those that lack a number, or that a guard
    /// kept from their reward, do not count.
    func undominated(_ ids: [CrystalID], in archive: RunArchive) throws -> Set<CrystalID> {
        let found = try reward.combine == .pareto ? judged(Set(ids), in: archive) : measured(ids, in: archive)
        return Set(ParetoFront.undominated(found.map(\.point)).map { found[$0].id })
    }

    /// The values of all terms as the run judged them, batch by batch: what counts the run's crystals needs them all.
    private func judged(
        _ ids: Set<CrystalID>, in archive: RunArchive
    ) throws -> [(id: CrystalID, point: [Double])] {
        guard let steps = try RewardReplay.steps(in: archive) else { return [] }
        let names = reward.effectiveTerms.map(\.name)
        var replay = try RewardReplay(reward)
        var found: [(id: CrystalID, point: [Double])] = []
        for step in steps {
            let crystals = try RewardReplay.batch(
                of: step, in: archive, maximumStaleness: directory.maximumStaleness)
            guard !crystals.isEmpty else { continue }
            for (crystal, verdict) in zip(crystals, try replay.judge(crystals).verdicts)
            where ids.contains(crystal.id) && crystal.outcome == .scored && verdict.reason == nil {
                let point = names.compactMap { verdict.terms[$0] }
                if point.count == names.count { found.append((crystal.id, point)) }
            }
        }
        return found
    }

    /// The factors of a product, as they were measured.
    private func measured(
        _ ids: [CrystalID], in archive: RunArchive
    ) throws -> [(id: CrystalID, point: [Double])] {
        var found: [(id: CrystalID, point: [Double])] = []
        try ids.forEachBatch(of: Self.batchSize) { batch in
            for crystal in try archive.crystals(batch) where crystal.outcome == .scored && crystal.reason == nil {
                let numbers = try aims.numbers(of: JudgedCrystal(crystal.crystal, crystal.measurement))
                if let point = aims.point(numbers, crystal.measurement) { found.append((crystal.id, point)) }
            }
        }
        return found
    }

    /// The record with the numbers of the terms. They are those that the run was rewarded for: what was measured after
    /// a relaxation is named so beside another geometry.
    func completed(_ record: ExportRecord, _ crystal: ArchivedCrystal) throws -> ExportRecord {
        let numbers = try aims.numbers(of: JudgedCrystal(crystal.crystal, crystal.measurement))
        let named = zip(aims.aims, numbers).compactMap { aim, number in
            number.map { (record.isAsSampled ? Self.nameAsSampled(aim) : aim.name, $0) }
        }
        return record.with(named)
    }

    private static func nameAsSampled(_ aim: RewardAims.Aim) -> String {
        let isRelaxed = aim.quantities.contains { !$0.afterRelaxation.partsAsSampled.isEmpty }
        return isRelaxed ? Trajectories.Measurement.Quantity(rawValue: aim.name).afterRelaxation.rawValue : aim.name
    }
}
