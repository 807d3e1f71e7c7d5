internal import Base
import Foundation

/// A message between a worker and a foreign engine: a header in JSON, and arrays that it describes.
///
/// On the pipe it is the length of the header (four bytes, least significant first), the header, and the numbers of the
/// arrays in the order of the header, least significant byte first, with nothing in between. `Documentation/engines.md`
/// has it for whoever writes an engine.
struct EngineFrame: Sendable {
    /// The largest header, bytes. Text is told from a length by it: four letters are far more.
    static let headerBytes = 1 << 20
    /// The most bytes of all arrays of a frame together.
    static let arrayBytes = 256 << 20

    var header: EngineHeader
    /// The bytes of each array by its name.
    var arrays: [String: [UInt8]] = [:]

    /// The numbers of an array of f64; nil if there is none of that shape.
    func doubles(_ name: String, shape: [Int]) -> [Double]? {
        guard let description = header.arrays?.first(where: { $0.name == name }), description.type == .f64,
            description.shape == shape, let bytes = arrays[name]
        else { return nil }
        return bytes.withUnsafeBytes { buffer in
            stride(from: 0, to: buffer.count, by: 8).map {
                Double(bitPattern: UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0, as: UInt64.self)))
            }
        }
    }
}

extension EngineFrame {
    /// The beginning of bytes for a message: one line of text as far as they are text.
    static func shown(_ bytes: some Collection<UInt8>) -> String {
        shown(String(decoding: bytes.prefix(60), as: UTF8.self))
    }

    /// The beginning of what an engine says, for a message: one line.
    static func shown(_ text: String) -> String {
        String(text.prefix(60).map { $0.isNewline || $0.asciiValue.map { $0 < 32 } == true ? " " : $0 })
    }
}

/// What the header of an engine's frame says; what a kind of frame does not need is nil.
struct EngineHeader: Decodable, Sendable {
    var kind: String
    /// The number of the protocol, in a hello.
    var protocolNumber: Int?
    var name: String?
    var version: String?
    var digest: String?
    var energyConvention: String?
    var quantities: [EngineQuantity]?
    var batch: UInt64?
    /// The reasons of structures without numbers, by their index.
    var failed: [String: String]?
    var reason: String?
    var arrays: [EngineArray]?

    private enum CodingKeys: String, CodingKey {
        case kind, name, version, digest, quantities, batch, failed, reason, arrays
        case protocolNumber = "druse_engine"
        case energyConvention = "energy_convention"
    }
}

/// A quantity that an engine gives.
struct EngineQuantity: Decodable, Sendable, Hashable {
    var name: String
    var unit: String
}

/// An array of a frame.
struct EngineArray: Decodable, Sendable, Hashable {
    enum NumberType: String, Decodable, Sendable {
        case f64, i32

        var bytes: Int { self == .f64 ? 8 : 4 }
    }

    var name: String
    var type: NumberType
    var shape: [Int]

    /// The bytes of its numbers; nil for a shape that makes no sense or is larger than any frame.
    var byteCount: Int? {
        var count = type.bytes
        for length in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard length >= 0, !overflow, product <= EngineFrame.arrayBytes else { return nil }
            count = product
        }
        return count
    }
}

/// Puts the bytes of a frame together.
struct EngineFrameWriter {
    private(set) var payload: [UInt8] = []
    private var descriptions: [JSONValue] = []

    mutating func add(_ name: String, shape: [Int], _ values: some Sequence<Double>) {
        describe(name, .f64, shape)
        for value in values { append(value.bitPattern.littleEndian) }
    }

    mutating func add(_ name: String, shape: [Int], _ values: some Sequence<Int32>) {
        describe(name, .i32, shape)
        for value in values { append(value.littleEndian) }
    }

    /// The frame with the fields given before the description of the arrays.
    func frame(_ fields: JSONFields) -> [UInt8] {
        let arrays: JSONFields = descriptions.isEmpty ? [] : [("arrays", .list(descriptions))]
        let header = Array(JSONValue.object(fields + arrays).line.utf8)
        return withUnsafeBytes(of: UInt32(header.count).littleEndian) { Array($0) } + header + payload
    }

    private mutating func describe(_ name: String, _ type: EngineArray.NumberType, _ shape: [Int]) {
        descriptions.append(
            .object([
                ("name", .text(name)), ("type", .text(type.rawValue)), ("shape", .list(shape.map { .integer($0) })),
            ]))
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { payload.append(contentsOf: $0) }
    }
}

/// Takes frames out of bytes as they come.
struct EngineFrameReader {
    private var bytes: [UInt8] = []

    /// How a frame begins that is not complete; nil if there is none.
    var unfinished: String? { bytes.isEmpty ? nil : EngineFrame.shown(bytes) }

    mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

    /// The next frame; nil if it is not complete.
    ///
    /// - Throws: ``EngineFault/rubbish(_:)`` as soon as the bytes cannot become one.
    mutating func next() throws(EngineFault) -> EngineFrame? {
        guard bytes.count >= 4 else { return nil }
        let length = bytes[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= EngineFrame.headerBytes, bytes.count == 4 || bytes[4] == UInt8(ascii: "{") else {
            throw .rubbish(EngineFrame.shown(bytes))
        }
        guard bytes.count >= 4 + length else { return nil }
        let header = try Self.header(bytes[4..<4 + length])
        var end = 4 + length
        var ranges: [(String, Range<Int>)] = []
        var names: Set<String> = []
        for array in header.arrays ?? [] {
            // The description of one must not be taken for the bytes of the other.
            guard names.insert(array.name).inserted else { throw .answer("the array \(array.name) stands twice") }
            guard let count = array.byteCount, end + count <= 4 + length + EngineFrame.arrayBytes else {
                throw .answer("the array \(array.name) has the shape \(array.shape), larger than any answer")
            }
            ranges.append((array.name, end..<end + count))
            end += count
        }
        guard bytes.count >= end else { return nil }
        var frame = EngineFrame(header: header)
        for (name, range) in ranges { frame.arrays[name] = Array(bytes[range]) }
        bytes.removeSubrange(..<end)
        return frame
    }

    /// A header, decoded.
    ///
    /// - Throws: ``EngineFault/answer(_:)`` for JSON with a field of another type than the protocol has, else
    ///   ``EngineFault/rubbish(_:)``.
    private static func header(_ bytes: ArraySlice<UInt8>) throws(EngineFault) -> EngineHeader {
        do { return try JSONDecoder().decode(EngineHeader.self, from: Data(bytes)) } catch {
            guard (try? JSONSerialization.jsonObject(with: Data(bytes))) != nil, let field = field(of: error) else {
                throw .rubbish(EngineFrame.shown(bytes))
            }
            throw .answer("the field \(field) of its header is missing or of another type than the protocol has")
        }
    }

    /// The field that could not be decoded, such as "quantities.0.unit"; nil for what is no matter of one.
    private static func field(of error: any Error) -> String? {
        let path: [any CodingKey]? =
            switch error as? DecodingError {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
                context.codingPath
            case .keyNotFound(let key, let context): context.codingPath + [key]
            default: nil
            }
        guard let path, !path.isEmpty else { return nil }
        let names = path.map { key in key.intValue.map { "\($0)" } ?? key.stringValue }
        return EngineFrame.shown(names.joined(separator: "."))
    }
}
