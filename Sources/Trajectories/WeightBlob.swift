package import Base

/// Serialized weights with the digests that let a peer pull them piece by piece.
///
/// Making one hashes the bytes twice (about 1.2 ms per megabyte): do it off the hub's thread.
package struct WeightBlob: Sendable, Hashable {
    package let bytes: [UInt8]
    package let manifest: WeightManifest

    /// The most bytes: 1 GiB.
    package static let capacity = 1 << 30
    /// The bytes of a piece, unless said otherwise.
    package static let chunkBytes = 256 << 10

    /// - Precondition: At most ``capacity`` bytes.
    package init(_ bytes: [UInt8], chunkBytes: Int = WeightBlob.chunkBytes) {
        precondition(bytes.count <= Self.capacity, "weights larger than the protocol carries")
        self.bytes = bytes
        let starts = stride(from: 0, to: bytes.count, by: chunkBytes)
        manifest = WeightManifest(
            digest: Digest(of: bytes), byteCount: bytes.count, chunkBytes: chunkBytes,
            chunks: starts.map { Digest(of: bytes[$0..<min($0 + chunkBytes, bytes.count)]) })
    }

    /// Bytes that were checked against their manifest.
    package init(verified bytes: [UInt8], manifest: WeightManifest) {
        self.bytes = bytes
        self.manifest = manifest
    }

    /// SHA-256 of all bytes.
    package var digest: Digest { manifest.digest }

    package static func == (left: WeightBlob, right: WeightBlob) -> Bool { left.digest == right.digest }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// The table of the pieces of a blob.
package struct WeightManifest: Sendable, Hashable {
    /// SHA-256 of the whole.
    package var digest: Digest
    package var byteCount: Int
    package var chunkBytes: Int
    /// SHA-256 of each piece, in order.
    package var chunks: [Digest]

    package init(digest: Digest, byteCount: Int, chunkBytes: Int, chunks: [Digest]) {
        self.digest = digest
        self.byteCount = byteCount
        self.chunkBytes = chunkBytes
        self.chunks = chunks
    }

    /// The bytes of the blob that a piece covers.
    package func range(ofChunk index: Int) -> Range<Int> {
        index * chunkBytes..<min((index + 1) * chunkBytes, byteCount)
    }
}
