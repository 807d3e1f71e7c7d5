import Base
import StructureFiles

/// The structures of several files, one after the other.
///
/// A file that cannot be opened, or that holds nothing, stands in the sequence as one entry with its error.
struct InputFiles: Sequence, IteratorProtocol {
    private var paths: ArraySlice<String>
    private let format: StructureFormat?
    private var current: StructureSequence?
    private var currentName = ""
    private var currentFormat: StructureFormat?
    private var currentCount = 0

    /// - Parameters:
    ///   - paths: "-" is the standard input.
    ///   - format: of all files; nil takes it from each name, JSON lines for the standard input.
    init(paths: [String], format: StructureFormat?) {
        self.paths = paths[...]
        self.format = format
    }

    mutating func next() -> StructureEntry? { nextReader().map { $0() } }

    /// Calls `body` with the entries in arrays of a size, the last one shorter; they are read on all threads of a team.
    func forEachBatch(of size: Int, team: ThreadTeam, _ body: ([StructureEntry]) throws -> Void) rethrows {
        var files = self
        var readers: [@Sendable () -> StructureEntry] = []
        repeat {
            readers.removeAll(keepingCapacity: true)
            while readers.count < size, let reader = files.nextReader() { readers.append(reader) }
            if !readers.isEmpty { try body(team.map(readers) { read, _ in read() }) }
        } while !readers.isEmpty
    }

    /// What makes the next entry, on any thread; nil at the end.
    private mutating func nextReader() -> (@Sendable () -> StructureEntry)? {
        while true {
            if let reader = current?.nextReader() {
                currentCount += 1
                return reader
            }
            if current != nil {
                current = nil
                if currentCount == 0 {
                    let entry = failure(InputFiles.empty(currentFormat))
                    return { entry }
                }
            }
            guard let path = paths.popFirst() else { return nil }
            currentName = InputFiles.name(path)
            currentFormat = InputFiles.format(path, given: format)
            currentCount = 0
            do throws(StructureFileError) {
                current = try StructureReader.read(path: path, format: currentFormat)
            } catch {
                let entry = failure(error)
                return { entry }
            }
        }
    }

    private func failure(_ error: StructureFileError) -> StructureEntry {
        StructureEntry(id: currentName, input: .failure(error))
    }

    /// The error of a file without entries.
    private static func empty(_ format: StructureFormat?) -> StructureFileError {
        .malformed(format: format?.rawValue ?? "input", line: nil, reason: "the file holds no structures")
    }

    /// The name under which a file appears in answers.
    static func name(_ path: String) -> String {
        path == "-" ? "stdin" : path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The format of a file; nil if neither told nor known.
    static func format(_ path: String, given: StructureFormat?) -> StructureFormat? {
        given ?? (path == "-" ? .jsonl : StructureFormat(path: path))
    }
}
