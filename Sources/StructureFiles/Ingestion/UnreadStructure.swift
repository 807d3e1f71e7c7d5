package import Crystals

/// A piece of a data set that is not parsed yet: a row of a table, a file of one structure, or an entry of a file that
/// is read as it comes. Pieces are parsed on any thread.
package struct UnreadStructure: Sendable {
    /// The structures in the piece: one, but for CIFs of several data blocks.
    package let read: @Sendable () -> [ReadStructure]
}

/// A structure of a data set as its file gives it.
package struct ReadStructure: Sendable {
    /// The name that the file gives it, else one made of the file's name.
    package let id: String
    /// The file, and the line of a table.
    package let place: String
    package let input: Result<StructureInput, StructureFileError>
    /// The space group that a CIF, or a list of sites, states; nil if it states none. P1 where it lists the identity
    /// alone.
    package let statedGroup: SpaceGroup?
    /// The columns asked for, in their order; empty where there are none.
    package let values: [String]
    /// The part of the data set that it belongs to; empty if nothing tells.
    package let split: String
}

/// The pieces of data sets, in the order of their files.
package struct UnreadStructures: Sequence, IteratorProtocol {
    private var places: ArraySlice<StructurePlace>
    private let columns: [String]
    private var current: (() -> UnreadStructure?)?

    /// - Parameters:
    ///   - places: the files.
    ///   - columns: of tables, to keep beside the structures.
    package init(_ places: [StructurePlace], keeping columns: [String] = []) {
        self.places = places[...]
        self.columns = columns
    }

    package mutating func next() -> UnreadStructure? {
        while true {
            if let piece = current?() { return piece }
            guard let place = places.popFirst() else { return nil }
            do throws(StructureFileError) {
                current = try pieces(of: place)
            } catch {
                return failure(error, place)
            }
        }
    }

    private func failure(_ error: StructureFileError, _ place: StructurePlace) -> UnreadStructure {
        let read = ReadStructure(
            id: place.name, place: place.name, input: .failure(error), statedGroup: nil, values: empty, split: "")
        return UnreadStructure { [read] }
    }

    private var empty: [String] { columns.map { _ in "" } }

    private func pieces(of place: StructurePlace) throws(StructureFileError) -> () -> UnreadStructure? {
        switch place.format {
        case .csv: return try rows(of: place)
        case .cif, .poscar:
            if let column = columns.first { throw .missingNumber(column) }
            guard place.format == .cif else { return try entries(of: place) }
            var pieces = [contents(of: place)][...]
            return { pieces.popFirst() }
        default: return try entries(of: place)
        }
    }

    // MARK: Tables

    private func rows(of place: StructurePlace) throws(StructureFileError) -> () -> UnreadStructure? {
        var reader = try CSVReader(try place.bytes())
        let cif = try reader.structureColumn()
        let id = reader.firstColumn("material_id", "id", "entry_id", "mat_id", "jid")
        let split = reader.firstColumn("split")
        var kept: [Int] = []
        for name in columns { kept.append(try reader.column(name)) }
        let (indices, name, whole) = (kept, place.name, Self.split(ofFile: place.name))
        var (number, isAtEnd) = (0, false)
        return {
            guard !isAtEnd else { return nil }
            let row: CSVRow
            do throws(StructureFileError) {
                guard let next = try reader.next() else { return nil }
                row = next
            } catch {
                // What follows cannot be told apart from what is broken.
                isAtEnd = true
                return failure(error, place)
            }
            let index = number
            number += 1
            return UnreadStructure {
                func value(_ column: Int) -> String { column < row.count ? row.string(column) : "" }
                var stated: SpaceGroup?
                let input = Result { () throws(StructureFileError) in
                    let bytes = try row.structure(cif)
                    guard let content = try StructureText.cif(bytes) else {
                        return Self.withGroup(try StructureJSON.input(bytes), &stated)
                    }
                    stated = content.statedGroup
                    return StructureInput.structure(try content.structure())
                }
                let given = id.map(value) ?? ""
                return [
                    ReadStructure(
                        id: given.isEmpty ? "\(Self.stem(name))#\(index)" : given,
                        place: "\(name), line \(row.line)", input: input, statedGroup: stated,
                        values: indices.map(value), split: split.map { Self.split(named: value($0)) } ?? whole)
                ]
            }
        }
    }

    private static func withGroup(_ input: StructureInput, _ stated: inout SpaceGroup?) -> StructureInput {
        if case .crystal(let crystal) = input { stated = crystal.spaceGroup }
        return input
    }

    // MARK: Files

    private func contents(of place: StructurePlace) -> UnreadStructure {
        let (empty, name) = (empty, place.name)
        return UnreadStructure {
            let split = Self.split(ofFile: name)
            do throws(StructureFileError) {
                let contents = try CIFContent.all(
                    try place.bytes().readAll(limit: StructureReader.wholeFileLimit))
                let ids = CIFContent.ids(of: contents)
                return contents.enumerated().map { index, content in
                    ReadStructure(
                        id: contents.count == 1 ? Self.stem(name) : ids[index] ?? "\(Self.stem(name))#\(index)",
                        place: name,
                        input: content.flatMap { content in
                            Result { () throws(StructureFileError) in .structure(try content.structure()) }
                        },
                        statedGroup: (try? content.get())?.statedGroup, values: empty, split: split)
                }
            } catch {
                return [
                    ReadStructure(
                        id: Self.stem(name), place: name, input: .failure(error), statedGroup: nil, values: empty,
                        split: split)
                ]
            }
        }
    }

    private func entries(of place: StructurePlace) throws(StructureFileError) -> () -> UnreadStructure? {
        var entries = try place.structures(numbers: columns)
        // Not every entry has every number; one that none of many has is not there.
        var first: [StructureEntry] = []
        while !columns.isEmpty, first.count < Self.lookAhead, let entry = entries.next() { first.append(entry) }
        for column in columns where !first.isEmpty && first.allSatisfy({ $0.texts[column] == nil }) {
            // What cannot be read at all says so itself.
            guard first.contains(where: { (try? $0.input.get()) != nil }) else { continue }
            throw .missingNumber(column)
        }
        var read = first[...]
        let (columns, name, split) = (columns, place.name, Self.split(ofFile: place.name))
        return {
            guard let entry = read.popFirst() ?? entries.next() else { return nil }
            var stated: SpaceGroup?
            let input = entry.input.map { Self.withGroup($0, &stated) }
            let structure = ReadStructure(
                id: entry.id, place: name, input: input, statedGroup: stated,
                values: columns.map { entry.texts[$0] ?? "" }, split: split)
            return UnreadStructure { [structure] }
        }
    }

    /// Entries of which one must have a number that is asked for.
    private static let lookAhead = 1024

    // MARK: Names

    /// Whether files tell which part of a data set their structures belong to, by a column or by their names.
    package static func tellSplits(_ places: [StructurePlace]) -> Bool {
        places.contains { place in
            guard split(ofFile: place.name).isEmpty else { return true }
            guard place.format == .csv, place.name != "stdin" else { return false }
            return (try? CSVReader(place.bytes()))?.firstColumn("split") != nil
        }
    }

    /// A file's name without its extensions; folders stay.
    private static func stem(_ name: String) -> String {
        var stem = name
        for suffix in [".gz", ".bz2"] where stem.lowercased().hasSuffix(suffix) { stem.removeLast(suffix.count) }
        let start = stem.lastIndex(of: "/").map { stem.index(after: $0) } ?? stem.startIndex
        guard let dot = stem[start...].lastIndex(of: "."), dot > start else { return stem }
        return String(stem[..<dot])
    }

    /// The part that a file's name tells, as in "mp_20/val.csv"; empty if it tells none.
    private static func split(ofFile name: String) -> String {
        let last = stem(name).split(separator: "/").last.map(String.init) ?? ""
        return parts[last.lowercased()] ?? ""
    }

    /// What a column calls a part, in our words.
    private static func split(named text: String) -> String {
        let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return parts[text.lowercased()] ?? text
    }

    private static let parts = [
        "train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
        "test": "test", "testing": "test",
    ]
}

extension CIFContent {
    /// The group that the file states; P1 where it lists the identity alone.
    fileprivate var statedGroup: SpaceGroup? { spaceGroup ?? (operations.count == 1 ? SpaceGroup(number: 1) : nil) }
}
