import Archive
import Base
import Crystals
import Matching
import Trajectories

/// Leaves out crystals by comparing them: with known crystals, and with those before.
///
/// Crystals that no comparison takes (no cell has them, or there are more than a thousand atoms) equal nothing, and are
/// neither novel nor known.
struct ExportScreen {
    /// What a comparison with known crystals gives.
    enum Novelty: Equatable, Sendable {
        case novel
        /// The id of the first known crystal that it equals.
        case known(String)
    }

    private let archive: RunArchive
    private let geometry: ExportRecord.Geometry
    private let isUnique: Bool
    private let known: KnownCrystals?
    private let team: ThreadTeam
    /// The crystals that passed, each unlike all before.
    private var passed: [ReducedStructure] = []
    /// What was told of all crystals so far.
    private(set) var novelty: [CrystalID: Novelty] = [:]

    /// - Parameter known: nil if the matches do not assume whether a crystal is novel.
    init(
        archive: RunArchive, geometry: ExportRecord.Geometry, isUnique: Bool, known: KnownCrystals?, team: ThreadTeam
    ) {
        self.archive = archive
        self.geometry = geometry
        self.isUnique = isUnique
        self.known = known
        self.team = team
    }

    /// The matches of a window that pass, in their order; the windows are to come in theirs.
    mutating func passing(_ window: ArraySlice<CrystalSelection.Match>) throws -> [CrystalSelection.Match] {
        guard isUnique || known != nil else { return Array(window) }
        var seen: Set<CrystalID> = []
        let ids = window.map(\.id).filter { seen.insert($0).inserted }
        let reduced = try reduced(ids)
        var matches = Array(window)
        if let known {
            try judge(ids, reduced, known)
            matches = matches.filter { $0.assumed == novelty[$0.id].map { $0 == .novel } }
        }
        return isUnique ? unlikeAllBefore(matches, reduced) : matches
    }

    /// Tells which crystals are known.
    private mutating func judge(
        _ ids: [CrystalID], _ reduced: [CrystalID: ReducedStructure], _ known: KnownCrystals
    ) throws {
        let found = try known.firstMatches(of: ids.map { reduced[$0] }, team: team)
        for (id, match) in zip(ids, found) where reduced[id] != nil {
            novelty[id] = match.map { .known($0.id) } ?? .novel
        }
    }

    /// The matches whose crystals equal none that passed before.
    private mutating func unlikeAllBefore(
        _ matches: [CrystalSelection.Match], _ reduced: [CrystalID: ReducedStructure]
    ) -> [CrystalSelection.Match] {
        let candidates = passed.map(Optional.some) + matches.map { reduced[$0.id] }
        let firsts = UniqueStructures(candidates, team: team).firstEqual
        var result: [CrystalSelection.Match] = []
        for (match, index) in zip(matches, passed.count...) where firsts[index] ?? index == index {
            result.append(match)
            if let structure = reduced[match.id] { passed.append(structure) }
        }
        return result
    }

    /// Crystals made ready for comparisons, in the geometry that is exported; those that cannot be are not there.
    private func reduced(_ ids: [CrystalID]) throws -> [CrystalID: ReducedStructure] {
        let geometry = geometry
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
