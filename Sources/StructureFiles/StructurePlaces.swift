package import Base
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file of structures, on the disk or in a zip archive.
package struct StructurePlace: Sendable {
    /// Where its bytes are.
    private enum Origin: Sendable {
        case file(path: String)
        case member(ZipArchive, ZipArchive.Entry)
        /// It cannot be read at all.
        case nowhere(StructureFileError)
    }

    /// The name of the file, with the folders below the folder or archive that was named, and as many of those above as
    /// tell it from others.
    package private(set) var name: String
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
    /// - Parameter numbers: the names of numbers to read beside them.
    /// - Throws: ``StructureFileError``.
    package func structures(numbers: [String] = []) throws(StructureFileError) -> StructureSequence {
        switch origin {
        case .nowhere(let error): throw error
        case .file(let path):
            guard let format else { throw .unknownFormat(path: path) }
            return try StructureReader.read(bytes(), name: name, format: format, numbers: numbers)
        case .member:
            guard let format else { throw .unknownFormat(path: name) }
            return try StructureReader.read(bytes(), name: name, format: format, numbers: numbers)
        }
    }

    /// A file in an archive is unpacked in memory.
    private static let memberLimit = 1 << 30

    /// The files that paths stand for, in the order of the paths: a file for itself, a folder or a zip archive for the
    /// files in it, by name.
    ///
    /// In folders and archives hidden files, those whose names tell no format, and tables without a column of
    /// structures are passed over. Symbolic links are followed; one that leads nowhere, or back to a folder that it is
    /// in, is a file whose opening fails.
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
        return (toldApart(places), passedOver)
    }

    /// Files of equal names with as many of the folders, or archives, above them as tell them apart.
    private static func toldApart(_ places: [StructurePlace]) -> [StructurePlace] {
        var places = places
        for indices in Dictionary(grouping: places.indices, by: { places[$0].name }).values where indices.count > 1 {
            let paths = indices.map { (places[$0].path ?? places[$0].name).split(separator: "/") }
            // A file that is named twice stays one name.
            let different = Set(paths).count
            let deepest = paths.map(\.count).max() ?? 0
            var depth = places[indices[0]].name.split(separator: "/").count
            while depth < deepest, Set(paths.map { $0.suffix(depth) }).count < different { depth += 1 }
            for (index, path) in zip(indices, paths) { places[index].name = path.suffix(depth).joined(separator: "/") }
        }
        return places
    }

    /// Where it is, for people; nil for the standard input.
    private var path: String? {
        switch origin {
        case .file(let path): path == "-" ? nil : path
        case .member(let archive, let entry): "\(archive.path)/\(entry.name)"
        case .nowhere: nil
        }
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
            var files: [(name: String, origin: Origin)] = []
            guard collect(path, below: "", within: [], into: &files) else {
                throw .unreadable(path: path, reason: "the folder cannot be opened; check its permissions")
            }
            return sorted(files, format)
        }
        guard path == "-" || FileManager.default.fileExists(atPath: path) else {
            throw .unreadable(path: path, reason: "there is no such file or folder")
        }
        guard path.lowercased().hasSuffix(".zip") else { return nil }
        let archive: ZipArchive
        do { archive = try ZipArchive(URL(filePath: path)) } catch { throw .archive(error) }
        return sorted(archive.entries.map { ($0.name, .member(archive, $0)) }, format)
    }

    /// Gathers the files of a folder and of those in it.
    /// - Parameters:
    ///   - prefix: of the names: the folders that it is in.
    ///   - above: the folders that it is in, as the file system knows them.
    /// - Returns: false if the folder cannot be opened.
    private static func collect(
        _ folder: String, below prefix: String, within above: Set<FolderID>,
        into files: inout [(name: String, origin: Origin)]
    ) -> Bool {
        var own = stat()
        guard stat(folder, &own) == 0, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            return false
        }
        let within = above.union([FolderID(own)])
        for name in names {
            let (path, place) = ("\(folder)/\(name)", prefix + name)
            func fail(_ reason: String) {
                files.append((place, .nowhere(.unreadable(path: path, reason: reason))))
            }
            var found = stat()
            guard stat(path, &found) == 0 else {
                // What has another ending would be passed over if it were there.
                let isWanted = StructureFormat(path: name) != nil || !name.dropFirst().contains(".")
                if isWanted { fail("it is a symbolic link that leads nowhere; mend it or take it out") }
                continue
            }
            switch found.st_mode & S_IFMT {
            case S_IFREG: files.append((place, .file(path: path)))
            case S_IFDIR where name.hasPrefix("."): break
            case S_IFDIR where within.contains(FolderID(found)):
                fail("it is a symbolic link to a folder that it is in; take it out")
            case S_IFDIR:
                if !collect(path, below: "\(place)/", within: within, into: &files) {
                    fail("the folder cannot be opened; check its permissions")
                }
            default: break
            }
        }
        return true
    }

    /// What tells folders apart, however they are reached.
    private struct FolderID: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    private static func sorted(
        _ files: [(name: String, origin: Origin)], _ format: StructureFormat?
    ) -> (places: [StructurePlace], passedOver: Int) {
        let visible = files.filter { file in
            !file.name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
        }
        let places = visible.sorted { $0.name < $1.name }.compactMap { file -> StructurePlace? in
            let format = format ?? StructureFormat(path: file.name)
            if case .nowhere = file.origin {
                return StructurePlace(name: file.name, format: format, origin: file.origin)
            }
            guard let format else { return nil }
            let place = StructurePlace(name: file.name, format: format, origin: file.origin)
            return place.isOtherTable ? nil : place
        }
        return (places, visible.count - places.count)
    }
}
