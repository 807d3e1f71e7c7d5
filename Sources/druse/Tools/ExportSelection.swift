import Archive
import Base
import Matching
import Trajectories

/// The crystals of a run that are exported: those of a condition, without those that equal one before, counted.
struct ExportSelection {
    /// The name that stands in expressions for: unlike all known crystals.
    static let novel = "novel"

    /// What was selected.
    struct Result {
        /// In their order.
        let ids: [CrystalID]
        /// What is known of them, where the condition asks for it.
        let novelty: [CrystalID: ExportScreen.Novelty]
    }

    /// What is asked of the archive.
    var query = CrystalSelection()
    /// The most crystals of each group.
    var top: Int?
    /// The most crystals in all.
    var limit: Int?
    /// Whether crystals that equal one before are left out.
    var isUnique = false
    /// The crystals that are not novel; nil where the expressions do not ask.
    var known: KnownCrystals?
    /// Of what is selected the front alone counts; nil: all.
    var front: ExportFront?
    /// Which geometry is compared.
    var geometry = ExportRecord.Geometry.relaxed

    /// The crystals, in their order.
    ///
    /// What compares crystals is asked in windows, each twice as large as the one before: a few crystals of a long run
    /// are found without all others, and of many none is compared much more than once.
    func crystals(of archive: RunArchive, team: ThreadTeam) throws -> Result {
        var matches = try archive.matches(query)
        if let front {
            // What is no match for another reason dominates nothing.
            var whole = ExportScreen(
                archive: archive, geometry: geometry, isUnique: false, known: known, team: team)
            let ids = try known == nil ? matches.map(\.id) : whole.passing(matches[...]).map(\.id)
            let kept = try front.undominated(ids, in: archive)
            matches = matches.filter { kept.contains($0.id) }
        }
        var screen = ExportScreen(
            archive: archive, geometry: geometry, isUnique: isUnique, known: known, team: team)
        let most = min(limit ?? .max, query.group == nil ? top ?? .max : .max)
        let progress = TerminalProgress(
            title: "comparing", total: matches.count, unit: "crystals",
            style: isUnique || known != nil ? .onTerminal(writesLines: false) : .silent)
        var counts: [String: Int] = [:]
        var ids: [CrystalID] = []
        var (start, size) = (0, Self.firstWindow)
        while start < matches.count, ids.count < most {
            let window = matches[start..<min(start + size, matches.count)]
            for match in try screen.passing(window) where ids.count < most {
                guard counts[match.group, default: 0] < top ?? .max else { continue }
                counts[match.group, default: 0] += 1
                ids.append(match.id)
            }
            start = window.endIndex
            size *= 2
            progress.update(start)
        }
        progress.finish()
        return Result(ids: ids, novelty: screen.novelty)
    }

    private static let firstWindow = 1024
}
