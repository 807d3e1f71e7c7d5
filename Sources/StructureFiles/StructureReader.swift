import Base

/// Reads files of structures, entry by entry.
package enum StructureReader {
    /// The most atoms that a cell may have.
    static let maximumAtomCount = 20_000

    /// Opens a file.
    ///
    /// ```swift
    /// for entry in try StructureReader.read(path: "cells.extxyz") {
    ///     print(entry.id, try entry.input.get().structure().atomCount)
    /// }
    /// ```
    /// - Parameters:
    ///   - path: the file; "-" is the standard input. `.gz` and `.bz2` are unpacked.
    ///   - format: nil takes it from the extension.
    ///   - numbers: the names of numbers to read beside the structures: columns of a table, keys of objects (or of
    ///     their `data` or `properties`) or of the second line of a frame.
    /// - Throws: ``StructureFileError`` for the file as a whole; an entry that cannot be read carries its own error.
    package static func read(
        path: String, format: StructureFormat? = nil, numbers: [String] = []
    ) throws(StructureFileError) -> StructureSequence {
        guard let format = format ?? StructureFormat(path: path) else { throw .unknownFormat(path: path) }
        let name = path == "-" ? "stdin" : path.split(separator: "/").last.map(String.init) ?? path
        return try read(ByteSource(path: path), name: name, format: format, numbers: numbers)
    }

    /// Reads a file that is opened.
    ///
    /// - Parameter name: of the file, for entries that have none of their own.
    /// - Throws: as ``read(path:format:)``.
    static func read(
        _ bytes: ByteSource, name: String, format: StructureFormat, numbers: [String] = []
    ) throws(StructureFileError) -> StructureSequence {
        switch format {
        case .csv:
            return StructureSequence(fileName: name, source: try TableEntries(CSVReader(bytes), numbers: numbers))
        case .extxyz:
            return StructureSequence(fileName: name, source: XYZEntries(lines: LineReader(bytes), numbers: numbers))
        case .jsonl:
            return StructureSequence(
                fileName: name, source: JSONLineEntries(lines: LineReader(bytes), numbers: numbers))
        case .json:
            let bytes = try bytes.readAll()
            return StructureSequence(
                fileName: name, source: ListedEntries(try StructureJSON.fileEntries(bytes, numbers: numbers)))
        case .cif:
            let contents = try CIFContent.all(try bytes.readAll(limit: wholeFileLimit))
            let ids = CIFContent.ids(of: contents)
            return StructureSequence(
                fileName: name,
                source: ListedEntries(
                    zip(contents, ids).map { content, id in
                        SourceEntry(id: id) { () throws(StructureFileError) in
                            .structure(try content.get().structure())
                        }
                    }))
        case .poscar:
            let bytes = try bytes.readAll(limit: wholeFileLimit)
            return StructureSequence(
                fileName: name,
                source: ListedEntries([
                    SourceEntry(id: nil) { () throws(StructureFileError) in .structure(try POSCAR.read(bytes)) }
                ]))
        }
    }

    /// The most bytes of a file that is read as one text.
    static let wholeFileLimit = 1 << 28
}

/// The entries of a file in order; read once.
package struct StructureSequence: Sequence, IteratorProtocol {
    private let fileName: String
    private var source: any EntrySource
    private var index = 0

    init(fileName: String, source: any EntrySource) {
        self.fileName = fileName
        self.source = source
    }

    package mutating func next() -> StructureEntry? { nextReader().map { $0() } }

    /// What makes the next entry, on any thread; nil at the end. Of a table it leaves the text of the structure to be
    /// read, which takes nearly all the time.
    package mutating func nextReader() -> (@Sendable () -> StructureEntry)? {
        guard let read = source.nextReader() else { return nil }
        defer { index += 1 }
        let name = "\(fileName)#\(index)"
        return {
            let entry = read()
            return StructureEntry(
                id: entry.id ?? name, input: entry.input, statedEnergy: entry.statedEnergy, numbers: entry.numbers,
                texts: entry.texts)
        }
    }
}

/// An entry as its format gives it.
struct SourceEntry: Sendable {
    /// What files call the names of their structures, the first that is there.
    static let idKeys = ["id", "entry_id", "material_id", "mat_id", "jid"]

    /// nil if the file gives no name.
    let id: String?
    let input: Result<StructureInput, StructureFileError>
    /// nil if the entry states no energy.
    var statedEnergy: Result<StatedEnergy, StructureFileError>?
    /// The numbers that were asked for, by name.
    var numbers: [String: Result<Double, StructureFileError>] = [:]
    /// The same, and what is no number, as it stands.
    var texts: [String: String] = [:]

    init(
        id: String?, input: Result<StructureInput, StructureFileError>,
        statedEnergy: Result<StatedEnergy, StructureFileError>? = nil
    ) {
        self.id = id
        self.input = input
        self.statedEnergy = statedEnergy
    }

    init(id: String?, _ read: () throws(StructureFileError) -> StructureInput) {
        self.id = id
        do throws(StructureFileError) {
            input = .success(try read())
        } catch {
            input = .failure(error)
        }
    }
}

extension SourceEntry {
    /// Takes the energies that stand beside a structure.
    /// - Parameters:
    ///   - texts: as they stand, by their keys of ``StatedEnergy/keys``.
    ///   - failure: the error with a reason.
    mutating func stateEnergy(_ texts: [(key: String, text: String)], failure: (String) -> StructureFileError) {
        guard !texts.isEmpty, let structure = try? input.get().structure() else { return }
        do throws(StatedEnergy.Problem) {
            statedEnergy = try StatedEnergy.of(structure, texts).map { .success($0) }
        } catch {
            statedEnergy = .failure(failure(error.reason))
        }
    }

    /// Takes numbers that stand beside a structure; a text that stands for a missing value is none.
    mutating func state(_ texts: [(key: String, text: String)], failure: (String) -> StructureFileError) {
        for (key, text) in texts where !isMissing(text) {
            self.texts[key] = text
            if let number = parseDecimal(trimming: text), number.isFinite {
                numbers[key] = .success(number)
            } else {
                numbers[key] = .failure(failure("\"\(key)\" must be a finite number, not \(text.prefix(40))"))
            }
        }
    }
}

/// Whether a text is what programs write for a value that is missing.
private func isMissing(_ text: String) -> Bool {
    ["", "nan", "none", "null", "na", "n/a"].contains(trimmed(text).lowercased())
}

/// What the readers of the formats have in common.
protocol EntrySource {
    mutating func next() -> SourceEntry?

    /// What makes the next entry, on any thread; nil at the end.
    mutating func nextReader() -> (@Sendable () -> SourceEntry)?
}

extension EntrySource {
    /// Reads the entry beforehand.
    mutating func nextReader() -> (@Sendable () -> SourceEntry)? {
        guard let entry = next() else { return nil }
        return { entry }
    }
}

/// Entries read beforehand.
struct ListedEntries: EntrySource {
    private var entries: ArraySlice<SourceEntry>

    init(_ entries: [SourceEntry]) {
        self.entries = entries[...]
    }

    mutating func next() -> SourceEntry? { entries.popFirst() }
}

/// The rows of a table with a column `cif` or `structure`, which holds CIFs or JSON.
struct TableEntries: EntrySource {
    private var reader: CSVReader
    private let cif: Int
    private let id: Int?
    private let energies: [(key: String, column: Int)]
    private let numbers: [(key: String, column: Int)]
    private var isAtEnd = false

    /// - Parameter numbers: columns to read beside the structures.
    init(_ table: CSVReader, numbers names: [String] = []) throws(StructureFileError) {
        reader = table
        cif = try reader.structureColumn()
        id = reader.firstColumn("material_id", "id", "entry_id", "mat_id", "jid")
        var energies: [(key: String, column: Int)] = []
        for key in ["energy", "energy_per_atom"] { reader.firstColumn(key).map { energies.append((key, $0)) } }
        self.energies = energies
        var numbers: [(key: String, column: Int)] = []
        for name in names { numbers.append((name, try reader.column(name))) }
        self.numbers = numbers
    }

    mutating func next() -> SourceEntry? { nextReader().map { $0() } }

    mutating func nextReader() -> (@Sendable () -> SourceEntry)? {
        guard !isAtEnd else { return nil }
        let row: CSVRow?
        do throws(StructureFileError) {
            row = try reader.next()
        } catch {
            isAtEnd = true
            return { SourceEntry(id: nil) { () throws(StructureFileError) in throw error } }
        }
        guard let row else { return nil }
        let (cif, id, energies, numbers) = (self.cif, self.id, self.energies, self.numbers)
        return {
            var entry = Self.entry(row, cif: cif, id: id, energies: energies)
            entry.state(numbers.filter { $0.column < row.count }.map { ($0.key, row.string($0.column)) }) { reason in
                .malformed(format: "csv", line: row.line, reason: reason)
            }
            return entry
        }
    }

    private static func entry(
        _ row: CSVRow, cif: Int, id: Int?, energies: [(key: String, column: Int)]
    ) -> SourceEntry {
        let name = id.flatMap { $0 < row.count ? row.string($0) : nil }
        var entry = SourceEntry(id: name.flatMap { $0.isEmpty ? nil : $0 }) { () throws(StructureFileError) in
            try StructureText.input(try row.structure(cif))
        }
        let texts = energies.compactMap { key, column -> (key: String, text: String)? in
            guard column < row.count else { return nil }
            let text = row.string(column)
            return isMissing(text) ? nil : (key, text)
        }
        entry.stateEnergy(texts) { .malformed(format: "csv", line: row.line, reason: $0) }
        return entry
    }
}
