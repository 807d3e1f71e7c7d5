internal import Crystals
internal import Foundation

/// Reads `{"entries": [{"composition": {...}, "energy": ..., "correction": ..., "entry_id": ...}, ...]}`.
///
/// Everything else in the file and in an entry (`structure`, `data`, `@module`, ...) is skipped. A missing correction is
/// 0, a missing `entry_id` becomes `entry-` and the index.
struct AlexandriaReader {
    private let path: String
    private var scanner: JSONScanner
    private var builder = EntryTableBuilder()

    /// Reads a file, plain, gzip or bzip2.
    ///
    /// - Returns: the lowest entry of each compound, and how many entries the file has.
    static func read(_ url: URL) throws(HullError) -> (table: EntryTable, entryCount: Int) {
        let reader: CompressedFileReader
        do throws(CompressedFileError) { reader = try CompressedFileReader(url) } catch { throw .file(error) }
        var parser = AlexandriaReader(
            path: url.path, scanner: JSONScanner(source: { () throws(CompressedFileError) in try reader.nextChunk() }))
        do throws(JSONScanError) {
            try parser.readDocument()
        } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .unexpected(let offset, let reason):
                let index = parser.entryIndex.map { "entry \($0): " } ?? ""
                throw .malformed(path: url.path, offset: offset, reason: index + reason)
            }
        }
        if let (index, reason) = parser.invalidEntry {
            throw .invalidEntry(path: url.path, index: index, reason: reason)
        }
        guard parser.builder.entryCount > 0 else { throw .noEntries(path: url.path) }
        return (parser.builder.table(), parser.builder.entryCount)
    }

    /// The entry being read.
    private var entryIndex: Int?
    /// The first entry that could not be used; reading stops there.
    private var invalidEntry: (index: Int, reason: String)?

    private init(path: String, scanner: JSONScanner) {
        self.path = path
        self.scanner = scanner
    }

    private mutating func readDocument() throws(JSONScanError) {
        try scanner.expect("{")
        var isFirst = true
        while try scanner.takeMember(isFirst: &isFirst, end: "}") {
            if try scanner.takeKey() == "entries" {
                try readEntries()
                if invalidEntry != nil { return }
            } else {
                try scanner.skipValue()
            }
        }
        guard try scanner.next() == nil else { throw try scanner.unexpected("the end of the text") }
    }

    private mutating func readEntries() throws(JSONScanError) {
        try scanner.expect("[")
        var isFirst = true
        var index = 0
        while try scanner.takeMember(isFirst: &isFirst, end: "]") {
            entryIndex = index
            if let reason = try readEntry(index) {
                invalidEntry = (index, reason)
                return
            }
            index += 1
        }
        entryIndex = nil
    }

    /// Reads one entry; what is wrong with it, nil if nothing.
    private mutating func readEntry(_ index: Int) throws(JSONScanError) -> String? {
        var members: [(element: Element, amount: Double)]?
        var energy: Double?
        var correction = 0.0
        var id: String?
        try scanner.expect("{")
        var isFirst = true
        while try scanner.takeMember(isFirst: &isFirst, end: "}") {
            switch try scanner.takeKey() {
            case "composition":
                switch try readComposition() {
                case .success(let read): members = read
                case .failure(let problem): return problem.reason
                }
            case "energy": energy = try scanner.takeNull() ? nil : try scanner.takeNumber()
            case "correction": correction = try scanner.takeNull() ? 0 : try scanner.takeNumber()
            case "entry_id": id = try readIdentifier()
            default: try scanner.skipValue()
            }
        }
        guard let members else { return "has no composition" }
        guard let energy else { return "has no energy" }
        guard (energy + correction).isFinite else { return "its energy or correction is not a finite number" }
        builder.add(members: members, energy: energy + correction, id: id ?? "entry-\(index)")
        return nil
    }

    private struct Problem: Error { let reason: String }

    private mutating func readComposition() throws(JSONScanError) -> Result<
        [(element: Element, amount: Double)], Problem
    > {
        var members: [(element: Element, amount: Double)] = []
        try scanner.expect("{")
        var isFirst = true
        while try scanner.takeMember(isFirst: &isFirst, end: "}") {
            let symbol = try scanner.takeKey()
            let amount = try scanner.takeNumber()
            guard let element = Element(symbol: symbol) else {
                return .failure(Problem(reason: "'\(symbol)' is not an element"))
            }
            guard amount.isFinite, amount >= 0 else {
                return .failure(Problem(reason: "the amount of \(symbol) is not a finite number of at least 0"))
            }
            guard amount > 0 else { continue }
            if let known = members.firstIndex(where: { $0.element == element }) {
                members[known].amount += amount  // D and H, say
            } else {
                members.append((element, amount))
            }
        }
        guard !members.isEmpty else { return .failure(Problem(reason: "its composition has no atoms")) }
        return .success(members.sorted { $0.element < $1.element })
    }

    private mutating func readIdentifier() throws(JSONScanError) -> String? {
        if try scanner.takeNull() { return nil }
        if try scanner.next() == UInt8(ascii: "\"") { return try scanner.takeString() }
        let number = try scanner.takeNumber()
        return Int(exactly: number).map(String.init) ?? String(number)
    }
}
