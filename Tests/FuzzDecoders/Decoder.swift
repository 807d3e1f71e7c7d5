import Foundation

/// A decoder of bytes that come from outside: a user's files, a peer's messages.
struct Decoder: Sendable {
    let name: String
    /// What it begins with: inputs that it reads, or nearly.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Words of its language, which are hard to come upon byte by byte.
    var words: [String] = []
    /// Reads an input. It may throw whatever it likes; what has to hold of what was read is checked by `expect`.
    let read: @Sendable ([UInt8]) throws -> Void

    static var all: [Decoder] {
        messages + cores + engines + structures + packed + models + hulls + known + texts
    }

    /// The largest seed; what is larger is mutated too slowly.
    private static let seedLimit = 1 << 16

    /// Writes the seeds into `folder/NAME`, and the words into `folder/NAME.dict`.
    func writeSeeds(into folder: URL) throws {
        let own = folder.appending(path: name)
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        for (index, seed) in try seeds().enumerated() where seed.count <= Self.seedLimit {
            try Data(seed).write(to: own.appending(path: "seed-\(index)"))
        }
        guard !words.isEmpty else { return }
        let lines = words.map { word in
            let escaped = word.utf8.map { byte in
                (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    ? String(Character(Unicode.Scalar(byte))) : String(format: "\\x%02X", byte)
            }
            return "\"\(escaped.joined())\"\n"
        }
        try Data(lines.joined().utf8).write(to: folder.appending(path: "\(name).dict"))
    }

    /// Stops, as a trap does, where something does not hold of what was read.
    static func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
        guard condition else { fatalError("not as it should be: \(what())") }
    }
}

extension [UInt8] {
    init(text: String) { self = Array(text.utf8) }

    var text: String { String(decoding: self, as: UTF8.self) }
}
