internal import Base
internal import Foundation
internal import GRDB

extension RunDirectory {
    /// Compares what two runs trained on: step by step, crystal by crystal, to the last bit; and the weights that came
    /// of it, by their digests. Who sampled and measured it, when, and in how many pieces, makes no difference, nor
    /// does what waits for a step that is not made.
    ///
    /// - Parameter limit: so many differences are kept; all are counted.
    /// - Complexity: one pass over both archives; memory does not grow with them.
    package static func compareLedgers(
        _ a: RunDirectory, _ b: RunDirectory, limit: Int
    ) throws(ArchiveError) -> LedgerComparison {
        var comparison = LedgerComparison(limit: limit)
        comparison.compareManifests(a.manifest, b.manifest)
        let (first, second) = (
            try RunArchive(url: a.archive, access: .readOnly), try RunArchive(url: b.archive, access: .readOnly)
        )
        let last: Int?
        do {
            last = try first.database.read { left in
                try second.database.read { right in
                    let last = try comparison.compareSteps(left, right)
                    if let last { try comparison.compareCrystals(left, right, last: last) }
                    return last
                }
            }
        } catch {
            throw .database(path: b.archive.path, operation: "compare with \(a.archive.path)", reason: "\(error)")
        }
        if let last { try comparison.compareWeights(a, b, upTo: last + 1) }
        return comparison
    }
}

extension LedgerComparison {
    /// What both runs began with.
    fileprivate mutating func compareManifests(_ a: RunManifest, _ b: RunManifest) {
        let fields: [(name: String, a: String?, b: String?)] = [
            ("seed", "\(a.seed)", "\(b.seed)"), ("reference", a.referenceDigest, b.referenceDigest),
            ("policy", a.policyDigest, b.policyDigest), ("potential", a.potentialDigest, b.potentialDigest),
            ("hull", a.hullDigest, b.hullDigest),
        ]
        add("run", fields: fields.compactMap { $0.a == $0.b ? nil : .init(name: $0.name, a: $0.a, b: $0.b) })
    }

    /// The weights and the optimiser's state of every version that both runs have a checkpoint of, by digest.
    fileprivate mutating func compareWeights(
        _ a: RunDirectory, _ b: RunDirectory, upTo last: Int
    ) throws(ArchiveError) {
        let (left, right) = (Self.store(a), Self.store(b))
        let versions = Set(try left.versions()).intersection(try right.versions()).filter { $0 <= last }
        for version in versions.sorted() {
            guard let one = left.digests(version: version), let other = right.digests(version: version) else {
                continue
            }
            weights += 1
            let names = Set(one.keys).union(other.keys).filter { $0.hasSuffix(".safetensors") }.sorted()
            add(
                "checkpoint of version \(version)",
                fields: names.compactMap { name in
                    one[name] == other[name] ? nil : .init(name: name, a: one[name], b: other[name])
                })
        }
    }

    private static func store(_ directory: RunDirectory) -> CheckpointStore {
        CheckpointStore(reading: directory.checkpoints, referenceDigest: directory.manifest.referenceDigest)
    }
}
