import Base
import Foundation

/// Where exported files go: one file, a folder, or a zip archive.
final class ExportDestination {
    private enum Place {
        case file(OutputFile)
        case folder(URL)
        case archive(ZipWriter)
    }

    private let path: String
    private let place: Place
    /// Files that grow while others come and go, by name.
    private var growing: [(name: String, bytes: [UInt8])] = []

    enum Kind {
        case file, folder, archive
    }

    /// - Throws: `ToolFailure` for a folder that holds something already, `OutputFileError` for what cannot be written.
    init(path: String, kind: Kind) throws {
        self.path = path
        switch kind {
        case .file: place = .file(try OutputFile(path: path))
        case .archive: place = .archive(try ZipWriter(path: path))
        case .folder:
            let url = URL(filePath: path)
            let content = try? FileManager.default.contentsOfDirectory(atPath: path)
            guard content?.isEmpty ?? true else {
                throw ToolFailure("\(path) holds files already; name another folder, or empty it")
            }
            try Self.makeFolder(url)
            place = .folder(url)
        }
    }

    /// Adds to the one file, or to the file of this name.
    func append(_ text: String, to name: String) throws {
        if case .file(let file) = place { return try file.write(text.utf8) }
        if let index = growing.firstIndex(where: { $0.name == name }) {
            growing[index].bytes += text.utf8
        } else {
            growing.append((name, Array(text.utf8)))
        }
    }

    /// Makes a file of its own; folders stand in the name.
    ///
    /// - Throws: `OutputFileError`: no crystal is at fault where nothing can be written.
    func add(_ name: String, _ text: String) throws {
        try add(name, Array(text.utf8))
    }

    private func add(_ name: String, _ bytes: [UInt8]) throws {
        switch place {
        case .file(let file): try file.write(bytes)
        case .archive(let archive): try archive.add(name, bytes)
        case .folder(let folder):
            let url = folder.appending(path: name)
            if name.contains("/") { try Self.makeFolder(url.deletingLastPathComponent()) }
            try OutputFile.write(bytes, to: url.path, isOneOfMany: true)
        }
    }

    private static func makeFolder(_ url: URL) throws(OutputFileError) {
        do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
            throw .failed(path: url.path, reason: FileProblem.reason(of: error))
        }
    }

    func finish() throws {
        for (name, bytes) in growing { try add(name, bytes) }
        switch place {
        case .file(let file): try file.finish()
        case .archive(let archive): try archive.finish()
        case .folder: break
        }
    }
}
