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
    }

    let bytes: [UInt8]
    private(set) var blocks: [Block] = []

    /// Splits the text.
    /// - Throws: ``StructureFileError/malformed(format:line:reason:)``.
    init(_ bytes: [UInt8]) throws(StructureFileError) {
        self.bytes = bytes
        try parse()
    }

    func text(_ value: Value) -> String { String(decoding: bytes[value.range], as: UTF8.self) }

    /// Whether a value is given: neither "?" nor ".".
    func isGiven(_ value: Value) -> Bool {
        guard value.range.count == 1, !value.isQuoted else { return !value.range.isEmpty }
        let byte = bytes[value.range.lowerBound]
        return byte != UInt8(ascii: "?") && byte != UInt8(ascii: ".")
    }

    func number(_ value: Value) -> Double? { parseDecimal(bytes[value.range]) }

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
                if !isInSaveFrame, !blocks.isEmpty { blocks[blocks.count - 1].values[tag] = token }
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
        if keep, !blocks.isEmpty { blocks[blocks.count - 1].loops.append(finished) }
    }
}
