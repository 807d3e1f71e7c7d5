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

    /// Decodes bytes. F32 and BF16 tensors are taken as they are, F64 and I32 ones rounded; other types are refused.
    package init(_ data: Data) throws(SafetensorsError) {
        let reader = try SafetensorsReader(data)
        metadata = reader.metadata
        tensors = [:]
        for name in reader.names {
            guard let shape = reader.shape(of: name), let values = reader.values(of: name) else { continue }
            tensors[name] = Tensor(shape: shape, values: values)
        }
    }

    /// The bytes of the file. The same tensors and metadata give the same bytes.
    package func encoded() -> Data {
        SafetensorsWriter(metadata: metadata, shapes: tensors.mapValues(\.shape)).encoded { name, data in
            tensors[name]?.values.withUnsafeBytes { data.append(contentsOf: $0) }
        }
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
        case .unsupported(let name, let type): "tensor \(name) has type \(type); only F32, BF16, F64 and I32 are read"
        }
    }
}
