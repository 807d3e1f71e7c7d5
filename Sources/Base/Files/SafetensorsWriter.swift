package import Foundation

/// Writes a safetensors file from numbers where they lie. The same tensors and metadata give the same bytes.
package struct SafetensorsWriter {
    private let shapes: [String: [Int]]
    private let header: Data
    private let bodyCount: Int
    private let byteCount: Int

    /// - Parameters:
    ///   - shapes: of the tensors by name.
    ///   - halves: whether all numbers are BF16, two bytes each, in place of F32.
    package init(metadata: [String: String], shapes: [String: [Int]], halves: Bool = false) {
        self.shapes = shapes
        byteCount = halves ? 2 : 4
        let type = halves ? "BF16" : "F32"
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var offset = 0
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let end = offset + byteCount * shape.reduce(1, *)
            header[name] = ["dtype": type, "shape": shape, "data_offsets": [offset, end]] as [String: Any]
            offset = end
        }
        var json = (try? JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])) ?? Data("{}".utf8)
        while json.count % 8 != 0 { json.append(0x20) }
        self.header = json
        bodyCount = offset
    }

    /// The bytes of the file.
    ///
    /// - Parameter append: appends the numbers of the named tensor, row-major and little-endian; called once for each.
    package func encoded(_ append: (_ name: String, _ data: inout Data) -> Void) -> Data {
        var data = Data(capacity: 8 + header.count + bodyCount)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(header)
        for name in shapes.keys.sorted() {
            let start = data.count
            append(name, &data)
            precondition(
                data.count - start == byteCount * (shapes[name] ?? []).reduce(1, *), "not as many numbers as the shape")
        }
        return data
    }
}
