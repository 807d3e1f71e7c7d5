import Base

/// Why a scan stopped.
enum JSONScanError: Error, Equatable {
    case file(CompressedFileError)
    /// The text is not what it should be at an offset, in unpacked bytes.
    case unexpected(offset: Int, reason: String)
    /// Who reads has had enough.
    case stopped
}

/// Walks through JSON text piece by piece, value by value, without building a tree.
///
/// Accepts what Python writes (`NaN`, `Infinity`) as numbers, so that the caller can name the place. Thread rule: one
/// owner.
struct JSONScanner {
    private static let maximumDepth = 256
    private static let maximumTokenBytes = 4096

    private let source: () throws(CompressedFileError) -> [UInt8]?
    private var chunk: [UInt8] = []
    private var position = 0
    private var consumed = 0

    /// - Parameters:
    ///   - source: the next piece of the text, not empty; nil at the end.
    ///   - offset: how many bytes lie before its first piece.
    init(source: @escaping () throws(CompressedFileError) -> [UInt8]?, offset: Int = 0) {
        self.source = source
        consumed = offset
    }

    /// How many bytes lie behind.
    var offset: Int { consumed + position }

    /// The next byte that is not white space; nil at the end of the text. It is not taken.
    mutating func next() throws(JSONScanError) -> UInt8? {
        while let byte = try peek() {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    /// Takes a byte if it is the next one.
    mutating func take(_ character: Unicode.Scalar) throws(JSONScanError) -> Bool {
        guard try next() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// Takes a byte that must be there.
    mutating func expect(_ character: Unicode.Scalar) throws(JSONScanError) {
        guard try take(character) else { throw try unexpected("'\(character)'") }
    }

    /// Takes the separator in front of the next member of an array or object, or its end.
    ///
    /// - Returns: whether another member follows.
    mutating func takeMember(isFirst: inout Bool, end: Unicode.Scalar) throws(JSONScanError) -> Bool {
        if try take(end) { return false }
        if isFirst {
            isFirst = false
        } else {
            guard try take(",") else { throw try unexpected("',' or '\(end)'") }
        }
        return true
    }

    /// Takes an object, whose values the body takes.
    mutating func forEachMember(
        _ body: (inout JSONScanner, String) throws(JSONScanError) -> Void
    ) throws(JSONScanError) {
        try expect("{")
        var isFirst = true
        while try takeMember(isFirst: &isFirst, end: "}") {
            let key = try takeKey()
            try body(&self, key)
        }
    }

    /// Takes an array, whose items the body takes.
    mutating func forEachItem(_ body: (inout JSONScanner) throws(JSONScanError) -> Void) throws(JSONScanError) {
        try expect("[")
        var isFirst = true
        while try takeMember(isFirst: &isFirst, end: "]") { try body(&self) }
    }

    /// Takes a key and its colon.
    mutating func takeKey() throws(JSONScanError) -> String {
        let key = try takeString()
        try expect(":")
        return key
    }

    /// Takes `null` if it is the next value.
    mutating func takeNull() throws(JSONScanError) -> Bool {
        guard try next() == UInt8(ascii: "n") else { return false }
        _ = try takeWord()
        return true
    }

    /// Takes a string of at most 4096 bytes.
    mutating func takeString() throws(JSONScanError) -> String {
        try expect("\"")
        var bytes: [UInt8] = []
        var hasEscapes = false
        while let byte = try peek() {
            position += 1
            if byte == UInt8(ascii: "\"") {
                let text = String(decoding: bytes, as: UTF8.self)
                guard hasEscapes else { return text }
                guard let unescaped = Self.unescape(text) else {
                    throw .unexpected(offset: offset, reason: "a string with an invalid escape")
                }
                return unescaped
            }
            guard byte >= 0x20 else { throw .unexpected(offset: offset, reason: "a control character in a string") }
            bytes.append(byte)
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                guard let escaped = try peek() else { break }
                bytes.append(escaped)
                position += 1
            }
            guard bytes.count <= Self.maximumTokenBytes else {
                throw .unexpected(offset: offset, reason: "a string longer than \(Self.maximumTokenBytes) bytes")
            }
        }
        throw .unexpected(offset: offset, reason: "the text ends inside a string")
    }

    /// Takes a number; it can be infinite or not a number.
    mutating func takeNumber() throws(JSONScanError) -> Double {
        let word = try takeWord()
        let value = parseDecimal(word, allowsUncertainty: false) ?? Double(String(decoding: word, as: UTF8.self))
        if let value { return value }
        throw .unexpected(offset: offset, reason: "expected a number, found '\(String(decoding: word, as: UTF8.self))'")
    }

    /// Goes past a byte order mark at the start of the text.
    mutating func skipByteOrderMark() throws(JSONScanError) {
        for byte in [0xEF, 0xBB, 0xBF] as [UInt8] {
            guard try peek() == byte else { return }
            position += 1
        }
    }

    /// Whether a byte begins a number, `NaN` and `Infinity` included.
    static func startsNumber(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "N")
            || byte == UInt8(ascii: "I")
    }

    /// Goes past a value of any kind.
    mutating func skipValue() throws(JSONScanError) {
        switch try next() {
        case UInt8(ascii: "{"), UInt8(ascii: "["): try skipNested()
        case UInt8(ascii: "\""): try skipString()
        case nil, UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
            throw try unexpected("a value")
        default: _ = try takeWord()
        }
    }

    /// What a byte between the brackets of a value that is skipped does.
    private enum Role: UInt8 {
        case passes
        case opens
        case closes
        case quotes
        case isForeign
    }

    /// By byte.
    private static let roles: [Role] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "{"), UInt8(ascii: "["): .opens
        case UInt8(ascii: "}"), UInt8(ascii: "]"): .closes
        case UInt8(ascii: "\""): .quotes
        case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            .passes
        default: .isForeign
        }
    }

    /// Goes past an object or array. Most of a dump is skipped, so this looks at each byte once, a chunk at a time.
    private mutating func skipNested() throws(JSONScanError) {
        var depth = 0
        repeat {
            guard try peek() != nil else { throw try unexpected("a value") }
            var role = Role.passes
            position = chunk.withUnsafeBufferPointer { bytes in
                Self.roles.withUnsafeBufferPointer { roles in
                    var position = position
                    while position < bytes.count {
                        role = roles[Int(bytes[position])]
                        if role != .passes { break }
                        position += 1
                    }
                    return position
                }
            }
            switch role {
            case .passes: break
            case .opens:
                depth += 1
                guard depth <= Self.maximumDepth else {
                    throw .unexpected(offset: offset, reason: "nested deeper than \(Self.maximumDepth) levels")
                }
                position += 1
            case .closes:
                depth -= 1
                position += 1
            case .quotes: try skipString()
            case .isForeign: throw try unexpected("a value")
            }
        } while depth > 0
    }

    /// An error that tells what stands here in place of what was expected.
    mutating func unexpected(_ expected: String) throws(JSONScanError) -> JSONScanError {
        guard let byte = try next() else {
            return .unexpected(offset: offset, reason: "expected \(expected), found the end of the text")
        }
        let found = byte < 0x7F && byte >= 0x20 ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return .unexpected(offset: offset, reason: "expected \(expected), found \(found)")
    }

    @inline(__always)
    private mutating func peek() throws(JSONScanError) -> UInt8? {
        if position < chunk.count { return chunk[position] }
        return try refill() ? chunk[0] : nil
    }

    private mutating func refill() throws(JSONScanError) -> Bool {
        do throws(CompressedFileError) {
            guard let more = try source() else { return false }
            consumed += chunk.count
            chunk = more
            position = 0
            return true
        } catch {
            throw .file(error)
        }
    }

    private mutating func skipString() throws(JSONScanError) {
        position += 1
        while try peek() != nil {
            var isOver = false
            position = chunk.withUnsafeBufferPointer { bytes in
                var position = position
                while position < bytes.count {
                    let byte = bytes[position]
                    if byte == UInt8(ascii: "\"") {
                        isOver = true
                        return position + 1
                    }
                    if byte == UInt8(ascii: "\\") { return position }
                    position += 1
                }
                return position
            }
            if isOver { return }
            // A backslash, or the end of the chunk.
            if position < chunk.count {
                position += 1
                if try peek() != nil { position += 1 }
            }
        }
        throw .unexpected(offset: offset, reason: "the text ends inside a string")
    }

    /// Takes a number or a word such as `true`, up to the next mark of the grammar.
    private mutating func takeWord() throws(JSONScanError) -> [UInt8] {
        guard try next() != nil else { throw try unexpected("a value") }
        var bytes: [UInt8] = []
        while let byte = try peek() {
            let isPart =
                byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
                || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
            guard isPart else { break }
            bytes.append(byte)
            position += 1
            guard bytes.count <= Self.maximumTokenBytes else {
                throw .unexpected(offset: offset, reason: "a word longer than \(Self.maximumTokenBytes) bytes")
            }
        }
        guard !bytes.isEmpty else { throw try unexpected("a value") }
        return bytes
    }

    /// The text that escapes stand for; nil if one is invalid. Surrogates without partner become U+FFFD.
    private static func unescape(_ text: String) -> String? {
        var units: [UInt16] = []
        var rest = Substring(text).utf16
        let marks: [UInt16: UInt16] = [
            0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
        ]
        while let unit = rest.popFirst() {
            guard unit == 0x5C else {
                units.append(unit)
                continue
            }
            guard let mark = rest.popFirst() else { return nil }
            if let plain = marks[mark] {
                units.append(plain)
            } else {
                guard mark == 0x75, let digits = String(rest.prefix(4)), digits.utf16.count == 4,
                    let value = UInt16(digits, radix: 16)
                else { return nil }
                units.append(value)
                rest = rest.dropFirst(4)
            }
        }
        return String(decoding: units, as: UTF16.self)
    }
}
