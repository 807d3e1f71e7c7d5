package import Foundation

/// Reads the files in a zip archive, one at a time and in memory: nothing is written anywhere.
///
/// Stored and deflated files, also beyond 4 GB (zip64). Sizes are checked before memory is taken.
package struct ZipArchive: Sendable {
    /// A file in the archive.
    package struct Entry: Sendable, Hashable {
        /// With the folders, separated by "/".
        package let name: String
        /// Unpacked, bytes.
        package let size: Int
        fileprivate let packedSize: Int
        fileprivate let method: Int
        fileprivate let checksum: UInt32
        fileprivate let isEncrypted: Bool
        /// Where its header stands.
        fileprivate let offset: Int
    }

    /// The files in the order of the archive's directory.
    package let entries: [Entry]
    package let path: String
    private let data: Data

    /// All files together may have this many times the archive's size: deflate packs to a thousandth at best, and
    /// files of structures to a twentieth.
    private static let largestRatio = 1100

    /// Opens an archive and reads its directory.
    ///
    /// - Complexity: O(files).
    package init(_ url: URL) throws(ZipError) {
        path = url.path
        do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
            throw .unreadable(path: path, reason: FileProblem.reason(of: error))
        }
        let bytes = LittleEndian(data)
        guard let end = Self.end(of: bytes) else { throw .notZip(path: path) }
        guard end.disk == 0 else { throw .divided(path: path) }
        var entries: [Entry] = []
        var (position, total) = (end.directory, 0)
        for _ in 0..<end.count {
            guard let found = Self.entry(bytes, at: position) else { throw .damaged(path: path, file: nil) }
            position = found.next
            guard !found.entry.name.hasSuffix("/") else { continue }
            total += found.entry.size
            guard total <= Self.largestRatio * data.count + 4096 else { throw .bomb(path: path) }
            entries.append(found.entry)
        }
        self.entries = entries
    }

    /// The content of a file.
    ///
    /// - Parameter limit: the largest size accepted, bytes.
    package func contents(of entry: Entry, limit: Int = 1 << 28) throws(ZipError) -> [UInt8] {
        guard !entry.isEncrypted else { throw .encrypted(path: path, file: entry.name) }
        guard entry.size <= limit, entry.packedSize <= limit else {
            throw .tooLarge(path: path, file: entry.name, limitBytes: limit)
        }
        let bytes = LittleEndian(data)
        guard bytes.number(entry.offset, 4) == 0x0403_4b50, let name = bytes.number(entry.offset + 26, 2),
            let extra = bytes.number(entry.offset + 28, 2),
            let packed = bytes.slice(entry.offset + 30 + name + extra, entry.packedSize)
        else { throw .damaged(path: path, file: entry.name) }
        let content: [UInt8]?
        switch entry.method {
        case 0: content = packed.count == entry.size ? Array(packed) : nil
        case 8: content = Deflate.unpacked(packed, count: entry.size)
        default: throw .unknownMethod(path: path, file: entry.name, method: entry.method)
        }
        guard let content, Deflate.checksum(content) == entry.checksum else {
            throw .damaged(path: path, file: entry.name)
        }
        return content
    }

    // MARK: The directory

    private static func end(of bytes: LittleEndian) -> (count: Int, directory: Int, disk: Int)? {
        let last = bytes.count - 22
        guard last >= 0 else { return nil }
        for position in stride(from: last, through: max(0, last - 0xFFFF), by: -1)
        where bytes.number(position, 4) == 0x0605_4b50 {
            guard let disk = bytes.number(position + 4, 2), let count = bytes.number(position + 10, 2),
                let directory = bytes.number(position + 16, 4), let comment = bytes.number(position + 20, 2),
                position + 22 + comment <= bytes.count
            else { continue }
            // Numbers that do not fit stand in a record of their own, which a locator before this one names.
            guard count == 0xFFFF || directory == 0xFFFF_FFFF, bytes.number(position - 20, 4) == 0x0706_4b50 else {
                return (count, directory, disk)
            }
            guard let record = bytes.number(position - 12, 8), bytes.number(record, 4) == 0x0606_4b50,
                let count = bytes.number(record + 32, 8), let directory = bytes.number(record + 48, 8)
            else { return nil }
            return (count, directory, disk)
        }
        return nil
    }

    private static func entry(_ bytes: LittleEndian, at position: Int) -> (entry: Entry, next: Int)? {
        guard bytes.number(position, 4) == 0x0201_4b50, let flags = bytes.number(position + 8, 2),
            let method = bytes.number(position + 10, 2), let checksum = bytes.number(position + 16, 4),
            var packed = bytes.number(position + 20, 4), var size = bytes.number(position + 24, 4),
            let nameLength = bytes.number(position + 28, 2), let extraLength = bytes.number(position + 30, 2),
            let comment = bytes.number(position + 32, 2), var offset = bytes.number(position + 42, 4),
            let name = bytes.slice(position + 46, nameLength)
        else { return nil }
        var field = position + 46 + nameLength
        let last = field + extraLength
        while field + 4 <= last, let tag = bytes.number(field, 2), let length = bytes.number(field + 2, 2) {
            if tag == 1 {
                // Only what does not fit stands here, in this order.
                var place = field + 4
                func take(_ value: inout Int) -> Bool {
                    guard value == 0xFFFF_FFFF else { return true }
                    guard let number = bytes.number(place, 8) else { return false }
                    value = number
                    place += 8
                    return true
                }
                guard take(&size), take(&packed), take(&offset) else { return nil }
            }
            field += 4 + length
        }
        let entry = Entry(
            name: String(decoding: name, as: UTF8.self), size: size, packedSize: packed, method: method,
            checksum: UInt32(truncatingIfNeeded: checksum), isEncrypted: flags & 1 == 1, offset: offset)
        return (entry, last + comment)
    }
}

/// Bounds-checked numbers in bytes.
private struct LittleEndian {
    private let data: Data
    var count: Int { data.count }

    init(_ data: Data) { self.data = data }

    /// A number of some bytes; nil beyond the end, or above 2^62.
    func number(_ position: Int, _ length: Int) -> Int? {
        guard position >= 0, position <= data.count - length else { return nil }
        var value: UInt64 = 0
        for index in (0..<length).reversed() { value = value << 8 | UInt64(data[data.startIndex + position + index]) }
        return value < 1 << 62 ? Int(value) : nil
    }

    func slice(_ position: Int, _ length: Int) -> Data? {
        guard position >= 0, length >= 0, position <= data.count - length else { return nil }
        return data[(data.startIndex + position)..<(data.startIndex + position + length)]
    }
}

/// Why a zip archive, or a file in it, cannot be read.
package enum ZipError: LastingError, Sendable, Hashable, CustomStringConvertible {
    case unreadable(path: String, reason: String)
    case notZip(path: String)
    /// nil: the archive's directory.
    case damaged(path: String, file: String?)
    case divided(path: String)
    case encrypted(path: String, file: String)
    case unknownMethod(path: String, file: String, method: Int)
    case tooLarge(path: String, file: String, limitBytes: Int)
    /// Its files together are larger than any that were packed into so few bytes.
    case bomb(path: String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
        case .notZip(let path): "\(path): is not a zip archive, or was cut off"
        case .damaged(let path, let file):
            "\(path): \(file.map { "\($0) in it" } ?? "its directory") is damaged; get the file again"
        case .divided(let path): "\(path): is one of several parts; join them first"
        case .encrypted(let path, let file): "\(path): \(file) in it is encrypted; unpack it yourself"
        case .unknownMethod(let path, let file, let method):
            "\(path): \(file) in it is packed by method \(method); stored and deflated files are read"
        case .tooLarge(let path, let file, let limit):
            "\(path): \(file) in it is larger than \(limit) bytes; unpack it yourself"
        case .bomb(let path):
            "\(path): its files are more than a thousand times as large as the archive, which no real one is"
        }
    }
}
