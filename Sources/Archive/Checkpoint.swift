internal import Base
package import Foundation

/// The complete state of training at one version, as named files.
package struct Checkpoint: Equatable, Sendable {
    /// The version of the policy in it.
    package var version: Int
    /// The SHA-256 of the reference policy of the run, hexadecimal.
    package var referenceDigest: String
    /// The content of each file by its name, such as "policy.safetensors", "optimiser.safetensors", "state.json".
    package var parts: [String: Data]

    package init(version: Int, referenceDigest: String, parts: [String: Data]) {
        self.version = version
        self.referenceDigest = referenceDigest
        self.parts = parts
    }

    /// A checkpoint that cannot be used, and why.
    package struct Damage: Equatable, Sendable, CustomStringConvertible {
        package let path: String
        package let reason: String

        package var description: String { "\(path): \(reason)" }
    }
}

/// Which run a checkpoint is of: two runs may well have one reference policy.
package struct RunMark: Codable, Equatable, Sendable, CustomStringConvertible {
    package var id: String
    /// Of all its randomness: with the version it decides what is sampled next.
    package var seed: UInt64

    package init(id: String, seed: UInt64) {
        self.id = id
        self.seed = seed
    }

    package var description: String { "\(id) (seed \(seed))" }
}

/// The list of the files of a checkpoint: `manifest.json`, written last.
struct CheckpointManifest: Codable {
    static let fileName = "manifest.json"
    static let currentFormat = 1

    struct Part: Codable {
        var name: String
        var bytes: Int
        var sha256: String
    }

    var format = CheckpointManifest.currentFormat
    var version: Int
    var referenceDigest: String
    /// Nil in checkpoints of older builds, and outside of runs.
    var run: RunMark?
    var parts: [Part]

    init(_ checkpoint: Checkpoint, run: RunMark?) {
        self.run = run
        version = checkpoint.version
        referenceDigest = checkpoint.referenceDigest
        parts = checkpoint.parts.sorted { $0.key < $1.key }
            .map { Part(name: $0.key, bytes: $0.value.count, sha256: Digest(of: $0.value).hexadecimal) }
    }

    enum CodingKeys: String, CodingKey {
        case format, version, run, parts
        case referenceDigest = "reference_digest"
    }

    /// Whether a name is that of a file in the folder itself, and not of the manifest.
    static func isAllowed(partName name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-".utf8.contains(byte)
        }
        return isPlain && !name.isEmpty && !name.hasPrefix(".") && name != fileName && name.utf8.count <= 100
    }
}
