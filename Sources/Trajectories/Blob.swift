package import Base
package import Foundation

/// Bytes named by their SHA-256, with the table that lets a peer pull and check them piece by piece: a policy, a
/// potential, a hull.
///
/// Making one hashes the bytes once (about 1.2 ms per megabyte): do it off the hub's thread.
package struct Blob: Sendable, Hashable {
    package let bytes: Data
    package let manifest: BlobManifest

    /// The most bytes: 1 GiB.
    package static let capacity = 1 << 30
    /// The bytes of a piece, unless said otherwise.
    package static let chunkBytes = 256 << 10

    /// - Precondition: At most ``capacity`` bytes.
    package init(_ bytes: Data, chunkBytes: Int = Blob.chunkBytes) {
        precondition(bytes.count <= Self.capacity, "a blob larger than the protocol carries")
        self.bytes = bytes
        var hash = SHA256()
        var digests: [Digest] = []
        for start in stride(from: 0, to: bytes.count, by: chunkBytes) {
            hash.update(bytes.piece(start..<min(start + chunkBytes, bytes.count)))
            digests.append(hash.finalize())
        }
        manifest = BlobManifest(
            digest: hash.finalize(), byteCount: bytes.count, chunkBytes: chunkBytes, runningDigests: digests)
    }

    package init(_ bytes: [UInt8], chunkBytes: Int = Blob.chunkBytes) {
        self.init(Data(bytes), chunkBytes: chunkBytes)
    }

    /// Bytes that were checked against their manifest.
    package init(verified bytes: Data, manifest: BlobManifest) {
        self.bytes = bytes
        self.manifest = manifest
    }

    /// SHA-256 of all bytes.
    package var digest: Digest { manifest.digest }

    /// A piece, which shares the blob's memory.
    package func chunk(_ index: Int) -> Data { bytes.piece(manifest.range(ofChunk: index)) }

    package static func == (left: Blob, right: Blob) -> Bool { left.digest == right.digest }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// The table of the pieces of a blob.
///
/// A piece is named by the digest of the blob up to its end, so that one pass over the bytes, by whoever offers and by
/// whoever pulls them, serves the pieces and the whole.
package struct BlobManifest: Sendable, Hashable {
    /// SHA-256 of the whole.
    package var digest: Digest
    package var byteCount: Int
    package var chunkBytes: Int
    /// SHA-256 of the bytes up to the end of each piece, in order.
    package var runningDigests: [Digest]

    package init(digest: Digest, byteCount: Int, chunkBytes: Int, runningDigests: [Digest]) {
        self.digest = digest
        self.byteCount = byteCount
        self.chunkBytes = chunkBytes
        self.runningDigests = runningDigests
    }

    package var chunkCount: Int { runningDigests.count }

    /// The bytes of the blob that a piece covers.
    package func range(ofChunk index: Int) -> Range<Int> {
        index * chunkBytes..<min((index + 1) * chunkBytes, byteCount)
    }
}

extension Data {
    /// The bytes at these distances from the start, without a copy.
    package func piece(_ range: Range<Int>) -> Data {
        self[startIndex + range.lowerBound..<startIndex + range.upperBound]
    }
}
