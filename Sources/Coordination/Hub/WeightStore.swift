package import Base
package import Protocol
package import Trajectories

/// The weights that peers pull: the current policy and the frozen reference, by digest.
package struct WeightStore: Sendable {
    private var blobs: [Digest: WeightBlob] = [:]
    package private(set) var newest: Announcement?

    package init() {}

    /// Replaces what is offered. Whoever still pulls older weights is told the newest.
    package mutating func offer(_ announcement: Announcement, policy: WeightBlob, reference: WeightBlob) {
        precondition(announcement.policy == policy.digest && announcement.reference == reference.digest)
        newest = announcement
        // At the start of a run the two are the same.
        blobs = [reference.digest: reference]
        blobs[policy.digest] = policy
    }

    package func manifest(of digest: Digest) -> WeightManifest? { blobs[digest]?.manifest }

    /// A piece of a blob; nil if there is no such blob or piece.
    package func chunk(_ index: Int, of digest: Digest) -> WeightChunk? {
        guard let blob = blobs[digest], blob.manifest.chunks.indices.contains(index) else { return nil }
        return WeightChunk(blob: digest, index: index, bytes: Array(blob.bytes[blob.manifest.range(ofChunk: index)]))
    }
}
