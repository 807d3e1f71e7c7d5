package import Base

/// Which of some structures are the same crystal: each is compared with the first ones of the groups before it, and
/// joins the first group that it fits, as in pymatgen's `group_structures`.
///
/// The order of the structures decides, and nothing else: not the threads, nor who is done first.
package struct UniqueStructures: Sendable {
    /// For each structure the index of the first one that it equals: its own where none before it does; nil where there
    /// was no structure.
    package let firstEqual: [Int?]

    /// Groups structures.
    ///
    /// - Parameters:
    ///   - structures: nil for those that could not be reduced; they equal nothing.
    ///   - team: the threads to work on; the result does not depend on their number.
    /// - Complexity: one comparison for each structure and each group of the same fingerprint before it, at most.
    package init(
        _ structures: [ReducedStructure?], matcher: StructureMatcher = StructureMatcher(), team: ThreadTeam
    ) {
        var bucketOfKey: [StructureFingerprint.Key: Int] = [:]
        var buckets: [[Int]] = []
        for (index, structure) in structures.enumerated() {
            guard let structure else { continue }
            if let bucket = bucketOfKey[structure.fingerprint.key] {
                buckets[bucket].append(index)
            } else {
                bucketOfKey[structure.fingerprint.key] = buckets.count
                buckets.append([index])
            }
        }
        let small = buckets.filter { $0.count < Self.largeBucket }
        let alone = ThreadTeam(threadCount: 1)
        var grouped = team.map(small) { bucket, _ in Self.group(bucket, structures, matcher, team: alone) }
        // What many structures have in common is shared out over the threads within.
        grouped += buckets.filter { $0.count >= Self.largeBucket }.map {
            Self.group($0, structures, matcher, team: team)
        }
        var firstEqual = [Int?](repeating: nil, count: structures.count)
        for pair in grouped.joined() { firstEqual[pair.index] = pair.first }
        self.firstEqual = firstEqual
    }

    /// The structures that are the first of their groups, in order.
    package var uniqueIndices: [Int] { firstEqual.indices.filter { firstEqual[$0] == $0 } }

    /// How many structures each group has, by the index of its first.
    package var groupSizes: [Int: Int] {
        firstEqual.reduce(into: [:]) { sizes, first in
            if let first { sizes[first, default: 0] += 1 }
        }
    }

    /// From how many structures of one key on a group is shared out over the threads.
    private static let largeBucket = 128
    /// How many comparisons a thread takes at a time.
    private static let chunk = 16

    /// The first equal structure of each of a bucket.
    private static func group(
        _ bucket: [Int], _ structures: [ReducedStructure?], _ matcher: StructureMatcher, team: ThreadTeam
    ) -> [(index: Int, first: Int)] {
        var result: [(index: Int, first: Int)] = []
        var rest = bucket
        while let first = rest.first {
            result.append((first, first))
            let others = Array(rest.dropFirst())
            let isEqual = fits(first, others, structures, matcher, team: team)
            rest.removeAll(keepingCapacity: true)
            for (other, isEqual) in zip(others, isEqual) {
                if isEqual { result.append((other, first)) } else { rest.append(other) }
            }
        }
        return result
    }

    /// Whether each of some structures fits a first one.
    private static func fits(
        _ first: Int, _ others: [Int], _ structures: [ReducedStructure?], _ matcher: StructureMatcher, team: ThreadTeam
    ) -> [Bool] {
        guard let reference = structures[first] else { return others.map { _ in false } }
        @Sendable func fits(_ index: Int) -> Bool {
            structures[index].map { matcher.fit(reference, $0) } ?? false
        }
        guard team.threadCount > 1, others.count > largeBucket else { return others.map(fits) }
        let chunks = stride(from: 0, to: others.count, by: chunk).map { others[$0..<min($0 + chunk, others.count)] }
        return team.map(chunks) { chunk, _ in chunk.map(fits) }.flatMap { $0 }
    }
}
