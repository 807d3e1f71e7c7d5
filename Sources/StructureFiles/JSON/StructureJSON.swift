import Base
import Foundation

/// Entries as JSON objects: every atom (`lattice`, `species`, `frac_coords`), the sites of a crystal (`space_group`,
/// `lattice`, `sites`), pymatgen's dictionary of a structure, or an object that holds one of these under `structure`
/// and may state an energy. They come one by one, in a list, under their names, or in a list under `entries` or `data`.
/// Layouts of ASE, JARVIS and OPTIMADE are read as well.
enum StructureJSON {
    /// What may stand in a file, for messages.
    static let layouts =
        "{\"lattice\": [a, b, c], \"species\": [...], \"frac_coords\": [...]}, "
        + "{\"space_group\", \"lattice\", \"sites\"}, "
        + "a structure of pymatgen, ASE, JARVIS or OPTIMADE, pymatgen's as_dict() of an entry, a list of such objects, "
        + "or {\"entries\": [...]}"

    /// The entries of one value.
    /// - Parameters:
    ///   - line: of the value, where a file has one a line.
    ///   - numbers: keys to read beside the structures.
    static func entries(
        _ bytes: [UInt8], line: Int? = nil, numbers: [String] = []
    ) throws(StructureFileError) -> [SourceEntry] {
        let value = try parse(bytes, line: line)
        func read(_ value: Any, name: String? = nil) -> SourceEntry {
            var entry = entry(value, name: name, line: line)
            for (key, value) in values(numbers, in: value) { entry.take(value, key: key, line: line) }
            return entry
        }
        if let list = value as? [Any] { return list.map { read($0) } }
        guard let object = value as? [String: Any] else { return [read(value)] }
        if let list = object["entries"] as? [Any] { return list.map { read($0) } }
        if let list = object["data"] as? [Any], !hasStructure(object), object["composition"] == nil {
            return list.map { read($0) }
        }
        // An answer of OPTIMADE about a single structure.
        if let only = object["data"] as? [String: Any], !hasStructure(object), object["composition"] == nil,
            isDialect(only)
        {
            return [read(only)]
        }
        if let named = named(object) { return named.map { read($0.value, name: $0.name) } }
        return [read(object)]
    }

    /// What an entry has under some keys, its own or those of its `data` or `properties`.
    private static func values(_ keys: [String], in value: Any) -> [(key: String, value: Any)] {
        guard !keys.isEmpty, let object = value as? [String: Any] else { return [] }
        let places = [object] + ["data", "properties"].compactMap { object[$0] as? [String: Any] }
        return keys.compactMap { key in
            places.lazy.compactMap { $0[key] }.first { !($0 is NSNull) }.map { (key, $0) }
        }
    }

    /// The entries of a file: one value, or one a line.
    static func fileEntries(
        _ bytes: [UInt8], numbers: [String] = []
    ) throws(StructureFileError) -> [SourceEntry] {
        do throws(StructureFileError) {
            return try entries(bytes, numbers: numbers)
        } catch {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .map { $0.filter { $0 != UInt8(ascii: "\r") } }
            let filled = lines.filter { !$0.allSatisfy { $0 <= UInt8(ascii: " ") } }
            guard filled.count > 1, filled.allSatisfy({ $0.first == UInt8(ascii: "{") }) else { throw error }
            var found: [SourceEntry] = []
            for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 <= UInt8(ascii: " ") }) {
                found += try entries(line, line: index + 1, numbers: numbers)
            }
            return found
        }
    }

    /// Whether an object holds a structure, or means to.
    private static func hasStructure(_ object: [String: Any]) -> Bool {
        ["lattice", "structure", "space_group", "species"].contains { object[$0] != nil } || isDialect(object)
    }

    /// The structure of a text that holds one.
    static func input(_ bytes: [UInt8]) throws(StructureFileError) -> StructureInput {
        try input(try parse(bytes, line: nil), id: nil, line: nil)
    }

    private static func parse(_ bytes: [UInt8], line: Int?) throws(StructureFileError) -> Any {
        guard bytes.contains(where: { $0 > UInt8(ascii: " ") }) else { throw error(line, "there is nothing in it") }
        do throws(JSONTree.Failure) {
            return try JSONTree.parse(Data(JSONText.normalized(bytes)))
        } catch {
            // A dictionary as Python prints it.
            if let text = PythonText.json(bytes), let value = try? JSONTree.parse(Data(JSONText.normalized(text))) {
                return value
            }
            throw StructureJSON.error(
                line, "this is not valid JSON" + (error == .incomplete ? ": it ends before it is complete" : ""))
        }
    }

    private static func entry(_ value: Any, name given: String? = nil, line: Int?) -> SourceEntry {
        guard let object = value as? [String: Any] else {
            return SourceEntry(id: nil) { () throws(StructureFileError) in
                throw error(line, "expected an object: \(layouts)")
            }
        }
        let name = name(of: object) ?? given
        let hasStructure = hasStructure(object)
        let input = SourceEntry(id: name) { () throws(StructureFileError) in
            guard hasStructure || object["composition"] == nil else {
                throw error(line, "the entry has a composition, but no structure")
            }
            return try self.input(object, id: name, line: line)
        }.input
        guard StatedEnergy.isMentioned(in: object) else {
            return SourceEntry(id: name, input: input)
        }
        do throws(StatedEnergy.Problem) {
            let stated = try StatedEnergy.read(object, structure: hasStructure ? input : nil)
            return SourceEntry(id: name, input: input, statedEnergy: stated.map { .success($0) })
        } catch {
            return SourceEntry(
                id: name, input: input,
                statedEnergy: .failure(.malformed(format: "JSON", line: line, reason: error.reason)))
        }
    }

    /// The name of an entry under the usual keys.
    private static func name(of object: [String: Any]) -> String? {
        let places = [object, object["data"] as? [String: Any] ?? [:]]
        for place in places {
            for key in SourceEntry.idKeys {
                if let name = place[key] as? String { return name }
                if let number = JSONTree.number(place[key]) { return Int(exactly: number).map(String.init) }
            }
        }
        return nil
    }

    private static func input(_ value: Any, id: String?, line: Int?) throws(StructureFileError) -> StructureInput {
        if let text = value as? String { return try StructureText.input(Array(text.utf8)) }
        guard let object = value as? [String: Any] else { throw error(line, "expected a structure: \(layouts)") }
        if object["space_group"] != nil, object["sites"] != nil {
            return .crystal(try StructureJSON.crystal(object, line: line))
        }
        if let nested = object["structure"], !(nested is NSNull) { return try input(nested, id: id, line: line) }
        return .structure(try structure(plain(object), id: id, line: line))
    }

    static func error(_ line: Int?, _ reason: String) -> StructureFileError {
        .malformed(format: "JSON", line: line, reason: reason)
    }

    static func numbers(_ value: Any?) -> [Double] {
        guard let list = value as? [Any] else { return [] }
        let values = list.compactMap { JSONTree.number($0) }
        return values.count == list.count && values.allSatisfy(\.isFinite) ? values : []
    }

    static func vector(_ value: Any) -> SIMD3<Double>? {
        let values = numbers(value)
        return values.count == 3 ? SIMD3(values) : nil
    }
}

extension SourceEntry {
    /// Takes a value that stands beside a structure; NaN stands for a missing one.
    fileprivate mutating func take(_ value: Any, key: String, line: Int?) {
        let number = JSONTree.number(value)
        guard number?.isNaN != true else { return }
        if let number, number.isFinite {
            numbers[key] = .success(number)
            texts[key] = Int(exactly: number).map { "\($0)" } ?? "\(number)"
        } else {
            numbers[key] = .failure(
                StructureJSON.error(
                    line, "\"\(key)\" must be a finite number, not \("\(value)".prefix(40))"))
            texts[key] = JSONTree.text(value)
        }
    }
}

/// A structure as text inside another file: JSON or a CIF, as its first character tells.
enum StructureText {
    static func input(_ bytes: [UInt8]) throws(StructureFileError) -> StructureInput {
        guard let content = try cif(bytes) else { return try StructureJSON.input(bytes) }
        return .structure(try content.structure())
    }

    /// The content of a CIF; nil for JSON.
    static func cif(_ bytes: [UInt8]) throws(StructureFileError) -> CIFContent? {
        let first = bytes.first { $0 > UInt8(ascii: " ") }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return nil }
        guard first != nil else { throw .malformed(format: "structure", line: nil, reason: "there is nothing in it") }
        guard isCIF(bytes) else {
            throw .malformed(
                format: "structure", line: nil, reason: "the text is neither a CIF, which has a line data_..., nor JSON"
            )
        }
        return try CIFContent(bytes)
    }
}

extension StructureText {
    /// Whether a word of the text begins a data block.
    private static func isCIF(_ bytes: [UInt8]) -> Bool {
        let mark = Array("data_".utf8)
        return bytes.indices.contains { index in
            bytes[index] | 0x20 == mark[0]
                && (index == 0 || bytes[index - 1] <= UInt8(ascii: " ") || bytes[index - 1] > 127)
                && bytes[index...].prefix(mark.count).map { $0 == UInt8(ascii: "_") ? $0 : $0 | 0x20 } == mark
        }
    }
}

/// The lines of a file of JSON objects; empty lines are left out.
struct JSONLineEntries: EntrySource {
    private var lines: LineReader
    private let numbers: [String]
    private var isAtEnd = false
    /// What is left of a line that holds several.
    private var pending: ArraySlice<SourceEntry> = []

    /// - Parameter numbers: keys to read beside the structures.
    init(lines: LineReader, numbers: [String] = []) {
        self.lines = lines
        self.numbers = numbers
    }

    mutating func next() -> SourceEntry? {
        while true {
            if let entry = pending.popFirst() { return entry }
            guard !isAtEnd else { return nil }
            let line: [UInt8]
            do throws(StructureFileError) {
                guard let next = try lines.next() else { return nil }
                line = next
            } catch {
                isAtEnd = true
                return SourceEntry(id: nil) { () throws(StructureFileError) in throw error }
            }
            if words(line).isEmpty { continue }
            do throws(StructureFileError) {
                pending = try StructureJSON.entries(line, line: lines.line, numbers: numbers)[...]
            } catch {
                return SourceEntry(id: nil) { () throws(StructureFileError) in throw error }
            }
        }
    }
}
