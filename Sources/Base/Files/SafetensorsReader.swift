package import Foundation

/// The tensors of a safetensors file where they lie in its bytes: nothing is copied before it is asked for.
package struct SafetensorsReader: Sendable {
    /// Where a tensor lies, and what it is.
    private struct Entry: Sendable {
        var type: ElementType
        var shape: [Int]
        var count: Int
        /// Of the first byte, from the start of the file.
        var offset: Int
    }

    /// The types of numbers that are read.
    private enum ElementType: String, Sendable {
        case float = "F32"
        case double = "F64"
        case integer = "I32"
        case brain = "BF16"

        var byteCount: Int {
            switch self {
            case .brain: 2
            case .float, .integer: 4
            case .double: 8
            }
        }
    }

    package let metadata: [String: String]
    private let entries: [String: Entry]
    private let data: Data

    /// Reads the header and checks that all it names lies within the bytes.
    ///
    /// - Throws: ``SafetensorsError``; nothing that the bytes can hold traps.
    package init(_ data: Data) throws(SafetensorsError) {
        guard data.count >= 8 else { throw .damaged("shorter than its header length") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= 100_000_000, 8 + Int(length) <= data.count else { throw .damaged("header length \(length)") }
        let body = 8 + Int(length)
        let header = data[data.startIndex + 8..<data.startIndex + body]
        guard let header = try? JSONSerialization.jsonObject(with: Data(header)) as? [String: Any] else {
            throw .damaged("the header is not a JSON object")
        }
        var entries: [String: Entry] = [:]
        var taken = 0
        for (name, value) in header where name != "__metadata__" {
            guard let value = value as? [String: Any], let type = value["dtype"] as? String,
                let shape = value["shape"] as? [Int], let offsets = value["data_offsets"] as? [Int], offsets.count == 2
            else { throw .damaged("the entry of \(name)") }
            guard let type = ElementType(rawValue: type) else { throw .unsupported(name, type) }
            var count = 1
            for size in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: size)
                guard size >= 0, !overflow, product <= data.count else { throw .damaged("the shape of \(name)") }
                count = product
            }
            guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= data.count - body,
                offsets[1] - offsets[0] == count * type.byteCount
            else { throw .damaged("the offsets of \(name)") }
            // Tensors that share bytes would need more memory than the file has.
            taken += count * type.byteCount
            guard taken <= data.count - body else { throw .damaged("its tensors overlap") }
            entries[name] = Entry(type: type, shape: shape, count: count, offset: body + offsets[0])
        }
        metadata = (header["__metadata__"] as? [String: String]) ?? [:]
        self.entries = entries
        self.data = data
    }

    package var names: some Collection<String> { entries.keys }

    /// The shape of a tensor; nil if there is none of this name.
    package func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// The numbers of a tensor, row-major: F32 and BF16 as they are, F64 and I32 rounded; nil if there is none of this
    /// name.
    package func values(of name: String) -> [Float]? {
        guard let entry = entries[name] else { return nil }
        return data.withUnsafeBytes { bytes in
            (0..<entry.count).map { index in
                let offset = entry.offset + entry.type.byteCount * index
                return switch entry.type {
                case .float: bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
                case .double: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Double.self))
                case .integer: Float(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
                case .brain:
                    // The upper half of a float.
                    Float(
                        bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) << 16)
                }
            }
        }
    }

    /// Gives `body` the bytes of a tensor of F32 numbers, little-endian and at any alignment; nil if there is none of
    /// this name or it has another type.
    package func withFloatBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result? {
        guard let entry = entries[name], entry.type == .float else { return nil }
        return try data.withUnsafeBytes { bytes in
            try body(UnsafeRawBufferPointer(rebasing: bytes[entry.offset..<entry.offset + 4 * entry.count]))
        }
    }
}
