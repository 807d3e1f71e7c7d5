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

    /// - Throws: `ToolFailure` for a folder that holds something already, and what cannot be written.
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
            do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
                throw ToolFailure("cannot make the folder \(path): \(FileProblem.reason(of: error))")
            }
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
    func add(_ name: String, _ text: String) throws {
        try add(name, Array(text.utf8))
    }

    private func add(_ name: String, _ bytes: [UInt8]) throws {
        switch place {
        case .file(let file): try file.write(bytes)
        case .archive(let archive): try archive.add(name, bytes)
        case .folder(let folder):
            let url = folder.appending(path: name)
            do {
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(bytes).write(to: url)
            } catch {
                throw ToolFailure("cannot write \(url.path): \(FileProblem.reason(of: error))")
            }
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
