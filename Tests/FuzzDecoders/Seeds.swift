import Foundation

/// What the fixtures of the tests hold, for decoders to begin with.
enum Seeds {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Where a file of the repository is.
    static func place(_ path: String) -> URL { root.appending(path: path) }

    /// A file of the repository.
    static func file(_ path: String) throws -> Data { try Data(contentsOf: root.appending(path: path)) }

    /// The files below a folder of the repository whose names end in one of some ways, the small ones.
    static func files(
        _ endings: String..., in folder: String = "Tests/Fixtures", limit: Int = 1 << 15
    ) throws -> [[UInt8]] {
        let place = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: place.path)?.compactMap { $0 as? String } ?? []
        return try names.sorted().filter { name in endings.contains { name.hasSuffix($0) } }
            .map { [UInt8](try Data(contentsOf: place.appending(path: $0))) }
            .filter { $0.count <= limit }
    }

    /// The texts anywhere in a file of JSON that are what is asked for.
    static func texts(in path: String, where isWanted: (String) -> Bool) throws -> [[UInt8]] {
        var found: [[UInt8]] = []
        func look(_ value: Any) {
            switch value {
            case let text as String: if isWanted(text) { found.append([UInt8](text: text)) }
            case let list as [Any]: for value in list { look(value) }
            case let object as [String: Any]: for entry in object.sorted(by: { $0.key < $1.key }) { look(entry.value) }
            default: break
            }
        }
        look(try JSONSerialization.jsonObject(with: file(path)))
        return found
    }
}

/// A file for decoders that read files alone, one a process.
enum ScratchFile {
    private static let folder: URL = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fuzz-decoders-\(getpid())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }()

    /// Writes bytes to a file of that name, in place of what was there.
    static func holding(_ bytes: [UInt8], name: String) throws -> URL {
        let url = folder.appending(path: name)
        try Data(bytes).write(to: url)
        return url
    }

    /// A path where nothing is.
    static func missing(name: String) -> URL {
        let url = folder.appending(path: name)
        try? FileManager.default.removeItem(at: url)
        return url
    }
}
