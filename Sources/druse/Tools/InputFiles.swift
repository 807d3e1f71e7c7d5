import Base
import Foundation
import StructureFiles

/// The structures of several files, folders and zip archives, one after the other.
///
/// A file that cannot be opened, or that holds nothing, stands in the sequence as one entry with its error.
struct InputFiles: Sequence, IteratorProtocol {
    private var places: ArraySlice<StructurePlace>
    private var current: StructureSequence?
    private var place: StructurePlace?
    private var currentCount = 0

    /// - Parameters:
    ///   - paths: "-" is the standard input.
    ///   - format: of all files; nil takes it from each name, JSON lines for the standard input.
    init(paths: [String], format: StructureFormat?) {
        places = StructurePlace.all(in: paths, format: format).places[...]
    }

    /// Refuses to write where the structures stand.
    /// - Throws: ``ToolFailure``.
    func require(apartFrom output: String) throws(ToolFailure) {
        try places.require(apartFrom: output)
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
            if current != nil, let place {
                current = nil
                if currentCount == 0 {
                    let entry = failure(
                        place,
                        .malformed(
                            format: place.format?.rawValue ?? "input", line: nil,
                            reason: "the file holds no structures"))
                    return { entry }
                }
            }
            guard let next = places.popFirst() else { return nil }
            place = next
            currentCount = 0
            do throws(StructureFileError) {
                current = try next.structures()
            } catch {
                let entry = failure(next, error)
                return { entry }
            }
        }
    }

    private func failure(_ place: StructurePlace, _ error: StructureFileError) -> StructureEntry {
        StructureEntry(id: place.name, input: .failure(error))
    }
}

extension [String] {
    /// Refuses names of inputs that are not there: what is made of the others would be taken for the whole.
    /// - Throws: ``ToolFailure``.
    func requirePresent() throws(ToolFailure) {
        for path in self where path != "-" && !FileManager.default.fileExists(atPath: path) {
            throw ToolFailure("cannot read \(path): there is no such file or folder")
        }
    }
}

extension Sequence<StructurePlace> {
    /// Refuses to write where the structures stand.
    /// - Throws: ``ToolFailure``.
    func require(apartFrom output: String) throws(ToolFailure) {
        guard !contains(where: { $0.isStored(at: output) }) else {
            throw ToolFailure("cannot write \(output): it is one of the inputs, and would be lost; name another file")
        }
    }
}
