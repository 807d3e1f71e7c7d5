import Archive
import Base
import Crystals
import Matching
import Trajectories

/// Leaves out crystals by comparing them with those before.
///
/// Crystals that no comparison takes (their atoms coincide, or there are more than a thousand) equal nothing.
struct ExportScreen {
    private let archive: RunArchive
    private let geometry: ExportRecord.Geometry
    private let isUnique: Bool
    private let team: ThreadTeam
    /// The crystals that passed, each unlike all before.
    private var passed: [ReducedStructure] = []

    init(archive: RunArchive, geometry: ExportRecord.Geometry, isUnique: Bool, team: ThreadTeam) {
        self.archive = archive
        self.geometry = geometry
        self.isUnique = isUnique
        self.team = team
    }

    /// The crystals of a window that pass, in their order; the windows are to come in theirs.
    mutating func passing(_ window: ArraySlice<CrystalSelection.Match>) throws -> [CrystalSelection.Match] {
        guard isUnique else { return Array(window) }
        let reduced = try reduced(window.map(\.id))
        let candidates = passed + window.map { reduced[$0.id] }
        let firsts = UniqueStructures(candidates, team: team).firstEqual
        var result: [CrystalSelection.Match] = []
        for (match, index) in zip(window, passed.count...) where firsts[index] ?? index == index {
            result.append(match)
            if let structure = reduced[match.id] { passed.append(structure) }
        }
        return result
    }

    /// Crystals made ready for comparisons, in the geometry that is exported; those that cannot be are not there.
    private func reduced(_ ids: [CrystalID]) throws -> [CrystalID: ReducedStructure] {
        var reduced: [CrystalID: ReducedStructure] = [:]
        try ids.forEachBatch(of: Self.batchSize) { batch in
            let crystals = try archive.crystals(batch)
            let structures = team.map(crystals) { crystal, _ in
                try? ReducedStructure(
                    ExportRecord(crystal, run: "", geometry: geometry).crystal.structure(cell: .primitive))
            }
            for (crystal, structure) in zip(crystals, structures) { reduced[crystal.id] = structure }
        }
        return reduced
    }

    /// Crystals read and reduced at a time.
    private static let batchSize = 1024
}
