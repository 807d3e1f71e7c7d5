import Base
import Crystals
import Foundation
import Matching
import StructureFiles

/// Compares structures with each other or with known crystals, on all threads.
struct StructureMatching: Sendable {
    /// How many comparisons to ask for at a time.
    static let batchSize = 1024

    private let matcher: StructureMatcher
    private let team: ThreadTeam

    /// An input made ready for comparisons.
    typealias Reduced = ToolAnswer<ReducedStructure>

    /// What a comparison gives.
    struct Answer: Sendable {
        /// The other structure's id; nil where none was found.
        let partner: String?
        /// The distance where the structures match; nil where they do not.
        let result: Result<SiteDistance?, ToolFailure>
    }

    init(matcher: StructureMatcher, threads: Int) {
        self.matcher = matcher
        team = ThreadTeam(threadCount: threads)
    }

    /// The reduced structures of files, in their order.
    func reduce(_ files: InputFiles) -> [Reduced] {
        var reduced: [Reduced] = []
        files.forEachBatch(of: Self.batchSize, team: team) { reduced += reduce($0) }
        return reduced
    }

    /// The reduced structure of each entry, in their order.
    private func reduce(_ entries: [StructureEntry]) -> [Reduced] {
        team.map(entries) { entry, _ in
            ToolAnswer(
                id: entry.id,
                result: Result { try ReducedStructure(try entry.input.get().structure(cell: .primitive)) }
                    .mapError { ToolFailure($0) })
        }
    }

    /// Compares pairs, in their order.
    func compare(_ pairs: [(Reduced, Reduced)]) -> [ToolAnswer<Answer>] {
        team.map(pairs) { pair, _ in
            let (first, second) = pair
            let result = first.result.flatMap { one in
                second.result.mapError { ToolFailure("\(second.id): \($0)") }.map { other in distance(one, other) }
            }
            return ToolAnswer(id: first.id, result: .success(Answer(partner: second.id, result: result)))
        }
    }

    /// Looks up the structures of files; calls `body` with the answers as they come, in their order.
    /// - Throws: ``KnownCrystalsError`` for a damaged index; what `body` throws.
    func lookUp(
        _ files: InputFiles, in known: KnownCrystals, _ body: ([ToolAnswer<Answer>]) throws -> Void
    ) throws {
        try files.forEachBatch(of: Self.batchSize, team: team) { try body(try lookUp($0, in: known)) }
    }

    /// The first known crystal that each entry matches, in their order.
    private func lookUp(_ entries: [StructureEntry], in known: KnownCrystals) throws -> [ToolAnswer<Answer>] {
        let reduced = reduce(entries)
        let structures = reduced.map { try? $0.result.get() }
        let matches = try known.firstMatches(of: structures, matcher: matcher, team: team)
        return zip(reduced, matches).map { input, match in
            ToolAnswer(
                id: input.id,
                result: input.result.map { structure in
                    Answer(
                        partner: match?.id,
                        result: .success(match.flatMap { distance($0.structure, structure) }))
                })
        }
    }

    /// The distance of two structures; nil if they do not match.
    private func distance(_ first: ReducedStructure, _ second: ReducedStructure) -> SiteDistance? {
        matcher.fit(first, second) ? matcher.rmsDistance(first, second) : nil
    }
}

/// Where indexes of known crystals come from.
enum KnownCrystalsSource {
    /// - Parameter name: `default` or a file.
    static func load(_ name: String) throws(KnownCrystalsError) -> KnownCrystals {
        name == "default" ? try KnownCrystals.embedded() : try KnownCrystals.open(URL(filePath: name))
    }
}
