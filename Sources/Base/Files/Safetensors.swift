package import Foundation

/// A file of named float32 tensors with string metadata, in the safetensors layout.
package struct Safetensors: Sendable {
    /// One tensor: row-major numbers and their shape.
    package struct Tensor: Sendable, Equatable {
        package var shape: [Int]
        package var values: [Float]

        /// - Precondition: as many values as the shape says.
        package init(shape: [Int], values: [Float]) {
            precondition(shape.reduce(1, *) == values.count)
            self.shape = shape
            self.values = values
        }
    }

    package var metadata: [String: String]
    package var tensors: [String: Tensor]

    package init(metadata: [String: String] = [:], tensors: [String: Tensor]) {
        self.metadata = metadata
        self.tensors = tensors
    }

    /// Reads a file.
    package init(contentsOf url: URL) throws(SafetensorsError) {
        let data: Data
        do { data = try Data(contentsOf: url) } catch { throw .unreadable(url.path, FileProblem.reason(of: error)) }
        try self.init(data)
    }

    /// Decodes bytes. F32 tensors are taken as they are, F64 and I32 ones rounded; other types are refused.
    package init(_ data: Data) throws(SafetensorsError) {
        let bytes = [UInt8](data)
        guard bytes.count >= 8 else { throw .damaged("shorter than its header length") }
        let length = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
        guard length <= 100_000_000, 8 + Int(length) <= bytes.count else { throw .damaged("header length \(length)") }
        let body = 8 + Int(length)
        let parsed = try? JSONSerialization.jsonObject(with: Data(bytes[8..<body]))
        guard let header = parsed as? [String: Any] else { throw .damaged("the header is not a JSON object") }
        var tensors: [String: Tensor] = [:]
        for (name, value) in header where name != "__metadata__" {
            guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
            else { throw .damaged("the entry of \(name)") }
            guard ["F32", "F64", "I32"].contains(type) else { throw .unsupported(name, type) }
            let width = type == "F64" ? 8 : 4
            var count = 1
            for size in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: size)
                guard size >= 0, !overflow, product <= bytes.count else { throw .damaged("the shape of \(name)") }
                count = product
            }
            guard offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= bytes.count - body,
                offsets[1] - offsets[0] == count * width
            else { throw .damaged("the offsets of \(name)") }
            let values: [Float] = bytes.withUnsafeBytes { raw in
                let start = body + offsets[0]
                return (0..<count).map { index in
                    let offset = start + width * index
                    return switch type {
                    case "F64": Float(raw.loadUnaligned(fromByteOffset: offset, as: Double.self))
                    case "I32": Float(raw.loadUnaligned(fromByteOffset: offset, as: Int32.self))
                    default: raw.loadUnaligned(fromByteOffset: offset, as: Float.self)
                    }
                }
            }
            tensors[name] = Tensor(shape: shape, values: values)
        }
        metadata = (header["__metadata__"] as? [String: String]) ?? [:]
        self.tensors = tensors
    }

    /// The bytes of the file. The same tensors and metadata give the same bytes.
    package func encoded() -> Data {
        let names = tensors.keys.sorted()
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var offset = 0
        for name in names {
            guard let tensor = tensors[name] else { continue }
            let end = offset + 4 * tensor.values.count
            header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end]] as [String: Any]
            offset = end
        }
        var json = (try? JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])) ?? Data("{}".utf8)
        while json.count % 8 != 0 { json.append(0x20) }
        var data = Data(capacity: 8 + json.count + offset)
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(json)
        for name in names { tensors[name]?.values.withUnsafeBytes { data.append(contentsOf: $0) } }
        return data
    }
}

/// Why a safetensors file cannot be read.
package enum SafetensorsError: LastingError, CustomStringConvertible, Sendable {
    case unreadable(String, String)
    case damaged(String)
    case unsupported(String, String)

    package var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .damaged(let what): "not a safetensors file, or a damaged one (\(what)); copy or convert it again"
        case .unsupported(let name, let type): "tensor \(name) has type \(type); only F32, F64 and I32 are read"
        }
    }
}
