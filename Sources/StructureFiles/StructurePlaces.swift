package import Base
import Foundation

/// A file of structures, on the disk or in a zip archive.
package struct StructurePlace: Sendable {
    /// Where its bytes are.
    private enum Origin: Sendable {
        case file(path: String)
        case member(ZipArchive, ZipArchive.Entry)
        /// It cannot be read at all.
        case nowhere(StructureFileError)
    }

    /// The name of the file, with the folders below the folder or archive that was named.
    package let name: String
    /// nil if neither told nor known.
    package let format: StructureFormat?
    private let origin: Origin

    /// Opens the file.
    /// - Throws: ``StructureFileError``.
    package func bytes() throws(StructureFileError) -> ByteSource {
        switch origin {
        case .file(let path): return try ByteSource(path: path)
        case .member(let archive, let entry):
            let content: [UInt8]
            do { content = try archive.contents(of: entry, limit: Self.memberLimit) } catch {
                throw .archive(error)
            }
            return try ByteSource(bytes: content, name: name)
        case .nowhere(let error): throw error
        }
    }

    /// Whether its bytes stand in the file at a path, under this name or another: what is written there destroys them.
    package func isStored(at path: String) -> Bool {
        guard case .file(let own) = origin else { return false }
        var (mine, other) = (stat(), stat())
        let isKnown = (own == "-" ? fstat(STDIN_FILENO, &mine) : stat(own, &mine)) == 0 && stat(path, &other) == 0
        return isKnown && other.st_mode & S_IFMT == S_IFREG && mine.st_dev == other.st_dev
            && mine.st_ino == other.st_ino
    }

    /// The digest of the file's bytes, as they are stored.
    /// - Throws: ``StructureFileError``.
    package func digest() throws(StructureFileError) -> Digest {
        switch origin {
        case .file(let path):
            do { return Digest(of: try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)) } catch {
                throw .unreadable(path: path, reason: FileProblem.reason(of: error))
            }
        case .member(let archive, let entry):
            do { return Digest(of: try archive.contents(of: entry, limit: Self.memberLimit)) } catch {
                throw .archive(error)
            }
        case .nowhere(let error): throw error
        }
    }

    /// Opens the file as structures.
    /// - Throws: ``StructureFileError``.
    package func structures() throws(StructureFileError) -> StructureSequence {
        switch origin {
        case .file(let path): return try StructureReader.read(path: path, format: format)
        case .nowhere(let error): throw error
        case .member:
            guard let format else { throw .unknownFormat(path: name) }
            return try StructureReader.read(bytes(), name: name, format: format)
        }
    }

    /// A file in an archive is unpacked in memory.
    private static let memberLimit = 1 << 30

    /// The files that paths stand for, in the order of the paths: a file for itself, a folder or a zip archive for the
    /// files in it, by name.
    ///
    /// In folders and archives hidden files, those whose names tell no format, and tables without a column of
    /// structures are passed over.
    /// - Parameters:
    ///   - paths: "-" is the standard input.
    ///   - format: of all files; nil takes it from each name, JSON lines for the standard input.
    /// - Returns: the files, and how many were passed over. A path that cannot be read has one whose opening fails.
    package static func all(
        in paths: [String], format: StructureFormat?
    ) -> (places: [StructurePlace], passedOver: Int) {
        var places: [StructurePlace] = []
        var passedOver = 0
        for path in paths {
            do throws(StructureFileError) {
                guard let found = try contents(of: path, format: format) else {
                    places.append(
                        StructurePlace(
                            name: fileName(path),
                            format: format ?? (path == "-" ? .jsonl : StructureFormat(path: path)),
                            origin: .file(path: path)))
                    continue
                }
                guard !found.places.isEmpty else {
                    throw .unreadable(path: path, reason: "no file in it has a name that tells a format of structures")
                }
                places += found.places
                passedOver += found.passedOver
            } catch {
                places.append(StructurePlace(name: fileName(path), format: format, origin: .nowhere(error)))
            }
        }
        return (places, passedOver)
    }

    /// Whether it is a table that goes along with structures and holds none itself.
    private var isOtherTable: Bool {
        guard format == .csv, let reader = try? CSVReader(bytes()) else { return false }
        return (try? reader.structureColumn()) == nil
    }

    private static func fileName(_ path: String) -> String {
        path == "-" ? "stdin" : path.split(separator: "/").last.map(String.init) ?? path
    }

    /// What a folder or archive holds; nil for a plain file.
    private static func contents(
        of path: String, format: StructureFormat?
    ) throws(StructureFileError) -> (places: [StructurePlace], passedOver: Int)? {
        var isFolder: ObjCBool = false
        if path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            guard let names = FileManager.default.enumerator(atPath: path) else {
                throw .unreadable(path: path, reason: "the folder cannot be opened; check its permissions")
            }
            var files: [(name: String, origin: Origin)] = []
            while let name = names.nextObject() as? String {
                guard names.fileAttributes?[.type] as? FileAttributeType == .typeRegular else { continue }
                files.append((name, .file(path: "\(path)/\(name)")))
            }
            return sorted(files, format)
        }
        guard path.lowercased().hasSuffix(".zip") else { return nil }
        let archive: ZipArchive
        do { archive = try ZipArchive(URL(filePath: path)) } catch { throw .archive(error) }
        return sorted(archive.entries.map { ($0.name, .member(archive, $0)) }, format)
    }

    private static func sorted(
        _ files: [(name: String, origin: Origin)], _ format: StructureFormat?
    ) -> (places: [StructurePlace], passedOver: Int) {
        let visible = files.filter { file in
            !file.name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
        }
        let places = visible.sorted { $0.name < $1.name }.compactMap { file -> StructurePlace? in
            guard let format = format ?? StructureFormat(path: file.name) else { return nil }
            let place = StructurePlace(name: file.name, format: format, origin: file.origin)
            return place.isOtherTable ? nil : place
        }
        return (places, visible.count - places.count)
    }
}
