package import Base
package import Protocol
package import Trajectories

/// What peers pull from the hub, by digest: the current policy, the frozen reference, the files of the recipe.
package struct BlobStore: Sendable {
    private var weights: [Digest: Blob] = [:]
    private let files: [Digest: Blob]
    package private(set) var newest: Announcement?

    /// - Parameter files: offered as long as the hub lives.
    package init(files: [Blob] = []) {
        self.files = Dictionary(files.map { ($0.digest, $0) }) { first, _ in first }
    }

    /// Replaces the weights that are offered. Whoever still pulls older ones is told the newest.
    package mutating func offer(_ announcement: Announcement, policy: Blob, reference: Blob) {
        precondition(announcement.policy == policy.digest && announcement.reference == reference.digest)
        newest = announcement
        // At the start of a run the two are the same.
        weights = [reference.digest: reference]
        weights[policy.digest] = policy
    }

    package func manifest(of digest: Digest) -> BlobManifest? { blob(digest)?.manifest }

    /// A piece of a blob; nil if there is no such blob or piece.
    package func chunk(_ index: Int, of digest: Digest) -> BlobChunk? {
        guard let blob = blob(digest), (0..<blob.manifest.chunkCount).contains(index) else { return nil }
        return BlobChunk(blob: digest, index: index, bytes: blob.chunk(index))
    }

    private func blob(_ digest: Digest) -> Blob? { weights[digest] ?? files[digest] }
}
