import Base
import Crystals
import Foundation
import Matching
import StructureFiles

/// Makes indexes of known crystals out of files.
struct CrystalIndexing {
    /// How many structures are reduced at a time.
    private static let batchSize = 2048

    private let team: ThreadTeam

    /// Structures that were left out for one reason.
    struct Refusal {
        let reason: String
        let firstID: String
        var count: Int
    }

    /// What was done.
    struct Summary {
        var added = 0
        /// The most frequent first.
        var refusals: [Refusal] = []
        /// The crystals of the index, with those that it had before.
        var total = 0
        var byteCount = 0

        var refusedCount: Int { refusals.reduce(0) { $0 + $1.count } }

        mutating func refuse(_ id: String, _ reason: String) {
            if let index = refusals.firstIndex(where: { $0.reason == reason }) {
                refusals[index].count += 1
            } else {
                refusals.append(Refusal(reason: reason, firstID: id, count: 1))
            }
        }
    }

    init(threads: Int) { team = ThreadTeam(threadCount: threads) }

    /// Writes the index of the structures that can be used.
    ///
    /// - Parameters:
    ///   - base: the index that they are added to.
    ///   - progress: called with the number of structures seen.
    /// - Throws: ``ToolFailure`` if there is none; ``KnownCrystalsError``.
    func index(
        _ files: InputFiles, to url: URL, addingTo base: KnownCrystals?,
        progress: (Int) -> Void
    ) throws -> Summary {
        var builder = KnownCrystalsBuilder()
        var summary = Summary()
        var seen = 0
        files.forEachBatch(of: Self.batchSize, team: team) { batch in
            for (entry, result) in zip(batch, team.map(batch) { entry, _ in Self.reduce(entry) }) {
                switch result {
                case .success(let structure): builder.add(structure, id: entry.id)
                case .failure(let failure): summary.refuse(entry.id, failure.description)
                }
            }
            seen += batch.count
            progress(seen)
        }
        guard builder.count > 0 else {
            let first = summary.refusals.first
            throw ToolFailure(
                "none of the \(seen) structures can be used; the first: \(first?.firstID ?? ""): "
                    + (first?.reason ?? "there is nothing in the inputs"))
        }
        try builder.write(to: url, addingTo: base, team: team)
        summary.refusals.sort { ($1.count, $0.reason) < ($0.count, $1.reason) }
        summary.added = builder.count
        summary.total = builder.count + (base?.count ?? 0)
        summary.byteCount = try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
        return summary
    }

    /// The reduced structure of an entry, or why there is none, without what differs from entry to entry.
    private static func reduce(_ entry: StructureEntry) -> Result<ReducedStructure, ToolFailure> {
        do throws(StructureFileError) {
            let structure = try entry.input.get().structure(cell: .primitive)
            return Result { () throws(MatchingError) in try ReducedStructure(structure) }.mapError { ToolFailure($0) }
        } catch {
            return .failure(ToolFailure(reason(of: error)))
        }
    }

    private static func reason(of error: StructureFileError) -> String {
        switch error {
        case .cif(let problem, _): "CIF: \(problem.rawValue)"
        case .malformed(let format, _, let reason): "\(format): \(reason)"
        default: error.description
        }
    }
}
