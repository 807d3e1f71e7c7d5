import Base

/// The data blocks of a CIF, as its grammar has them: nothing is interpreted.
struct CIFDocument {
    /// Where a value stands in the text.
    struct Value {
        let range: Range<Int>
        /// Whether it stood in quotes or between semicolons, so that "?" means a question mark.
        let isQuoted: Bool
    }

    struct Loop {
        /// In lower case.
        var names: [String] = []
        /// Row after row.
        var values: [Value] = []
        /// Where the loop starts, from 1.
        let line: Int

        var rowCount: Int { names.isEmpty ? 0 : values.count / names.count }

        func column(_ names: String...) -> Int? {
            for name in names {
                if let index = self.names.firstIndex(of: name) { return index }
            }
            return nil
        }
    }

    struct Block {
        let name: String
        /// By tag in lower case.
        var values: [String: Value] = [:]
        var loops: [Loop] = []
        /// Tags that have two values, which differ.
        var repeats: [(tag: String, values: (Value, Value))] = []
    }

    let bytes: [UInt8]
    private(set) var blocks: [Block] = []

    /// Splits the text.
    /// - Throws: ``StructureFileError/malformed(format:line:reason:)``.
    init(_ bytes: [UInt8]) throws(StructureFileError) {
        self.bytes = CIFDocument.withLineFeeds(bytes)
        try parse()
    }

    /// The text with every line end ("\r\n", "\r") as "\n".
    private static func withLineFeeds(_ bytes: [UInt8]) -> [UInt8] {
        let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        guard bytes.contains(carriage) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == carriage || byte == feed && previous != carriage {
                result.append(feed)
            } else if byte != feed {
                result.append(byte)
            }
            previous = byte
        }
        return result
    }

    func text(_ value: Value) -> String { String(decoding: bytes[value.range], as: UTF8.self) }

    /// Whether a value is given: neither "?" nor ".", in quotes or not, nor blank.
    func isGiven(_ value: Value) -> Bool {
        var letter: UInt8?
        for byte in bytes[value.range] where byte > UInt8(ascii: " ") {
            if letter != nil { return true }
            letter = byte
        }
        return letter.map { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: ".") } ?? false
    }

    /// The line where a value stands, from 1.
    /// - Complexity: O(n) of the text.
    func line(_ value: Value) -> Int { 1 + bytes[..<value.range.lowerBound].count { $0 == UInt8(ascii: "\n") } }

    /// Whether two values are the same text or the same number.
    func isSame(_ left: Value, _ right: Value) -> Bool {
        if let one = number(left), let other = number(right) { return one == other }
        func words(_ value: Value) -> [ArraySlice<UInt8>] { bytes[value.range].split { $0 <= UInt8(ascii: " ") } }
        return words(left) == words(right)
    }

    func number(_ value: Value) -> Double? {
        // Text fields may begin and end with a line end.
        guard value.isQuoted else { return parseDecimal(bytes[value.range]) }
        let text = bytes[value.range].drop { $0 <= UInt8(ascii: " ") }
        return parseDecimal(text.prefix { $0 > UInt8(ascii: " ") })
    }

    private mutating func parse() throws(StructureFileError) {
        var lexer = CIFLexer(bytes)
        var pendingTag: String?
        var loop: Loop?
        var isInSaveFrame = false

        while let token = try lexer.next() {
            let word = lexer.word(token)
            switch word {
            case .value where loop?.names.isEmpty == false:
                loop?.values.append(token)
                continue
            case .value:
                guard let tag = pendingTag else {
                    throw lexer.error("the value \"\(text(token).prefix(40))\" belongs to no tag")
                }
                pendingTag = nil
                if !isInSaveFrame { set(tag, to: token) }
                continue
            case .tag where loop != nil && loop?.values.isEmpty == true:
                loop?.names.append(text(token).lowercased())
                continue
            default:
                break
            }
            // Whatever else comes ends the loop and the tag before it.
            if let tag = pendingTag { throw lexer.error("the tag \(tag) has no value") }
            try close(&loop, lexer: lexer, keep: !isInSaveFrame)
            switch word {
            case .tag:
                guard !blocks.isEmpty else { throw lexer.error("a tag stands before the first data block") }
                pendingTag = text(token).lowercased()
            case .loop:
                guard !blocks.isEmpty else { throw lexer.error("a loop stands before the first data block") }
                loop = Loop(line: lexer.line)
            case .data:
                isInSaveFrame = false
                blocks.append(Block(name: String(text(token).dropFirst(5))))
            case .save:
                isInSaveFrame = token.range.count > 5
            case .value, .reserved:
                break
            }
        }
        if let tag = pendingTag { throw lexer.error("the tag \(tag) has no value") }
        try close(&loop, lexer: lexer, keep: !isInSaveFrame)
    }

    private mutating func close(_ loop: inout Loop?, lexer: CIFLexer, keep: Bool) throws(StructureFileError) {
        guard let finished = loop else { return }
        loop = nil
        guard !finished.names.isEmpty else { throw lexer.error("a loop without tags") }
        guard finished.values.count.isMultiple(of: finished.names.count) else {
            throw .malformed(
                format: "CIF", line: finished.line,
                reason: "loop values do not fill the last row: \(finished.values.count) values for "
                    + "\(finished.names.count) columns")
        }
        guard keep, !blocks.isEmpty else { return }
        blocks[blocks.count - 1].loops.append(finished)
        // A loop of one row says what tags with values say.
        guard finished.rowCount == 1 else { return }
        for (name, value) in zip(finished.names, finished.values) { set(name, to: value) }
    }

    /// Takes the value of a tag of the last block; of two, one that is given counts.
    private mutating func set(_ tag: String, to value: Value) {
        guard let last = blocks.indices.last else { return }
        if let known = blocks[last].values[tag], isGiven(known) {
            if isGiven(value), !isSame(known, value) { blocks[last].repeats.append((tag, (known, value))) }
        } else {
            blocks[last].values[tag] = value
        }
    }
}
