internal import Foundation

/// Reads the lines that were added to a file since the last look.
struct LineTail {
    private let url: URL
    private var offset: UInt64
    private var partial = Data()
    private var isBegun = false
    /// The begin of the file: another one says that it was replaced, or emptied and written anew.
    private var head = Data()
    private var isReplaced = false
    /// How much of a file that is there at the first look is read, from its end; nil: all of it.
    private let firstBytes: UInt64?

    /// At most so much at a look: the rest is for the next one.
    private static let pieceBytes = 16 << 20
    /// So much of the begin of a file tells it from others.
    private static let headBytes = 512
    /// A line that is longer is none of ours.
    private static let lineBytes = 4 << 20

    init(url: URL, firstBytes: UInt64? = nil) {
        self.url = url
        self.firstBytes = firstBytes
        offset = 0
    }

    /// Whether the file was another one, or emptied, since this was asked last.
    mutating func takeIsReplaced() -> Bool {
        defer { isReplaced = false }
        return isReplaced
    }

    /// The lines that were completed since the last call; of a file that became shorter or another one, all of it.
    mutating func next() -> [Data] {
        guard let handle = try? FileHandle(forReadingFrom: url) else { return [] }
        defer { try? handle.close() }
        guard let size = try? handle.seekToEnd() else { return [] }
        let begin = (try? handle.seek(toOffset: 0)).flatMap { try? handle.read(upToCount: Self.headBytes) } ?? Data()
        if size < offset || !begin.starts(with: head) { (offset, partial, isReplaced) = (0, Data(), true) }
        head = begin
        var skipsFirst = false
        if !isBegun, let firstBytes, size > firstBytes {
            offset = size - firstBytes
            skipsFirst = true
        }
        isBegun = true
        guard size > offset, (try? handle.seek(toOffset: offset)) != nil,
            let piece = try? handle.read(upToCount: min(Int(size - offset), Self.pieceBytes)), !piece.isEmpty
        else { return [] }
        offset += UInt64(piece.count)
        var lines = (partial + piece).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let last = lines.popLast() ?? Data()
        partial = last.count <= Self.lineBytes ? Data(last) : Data()
        if skipsFirst, !lines.isEmpty { lines.removeFirst() }
        return lines.filter { !$0.isEmpty }.map { Data($0) }
    }
}
