internal import Base

/// Takes a model's tensors by name, checks their shapes, and knows which of them nothing has taken.
struct TensorReader {
    private let tensors: [String: Safetensors.Tensor]
    private let path: String
    private var taken: Set<String> = []

    /// - Parameter path: of the file, for messages.
    init(_ tensors: [String: Safetensors.Tensor], path: String) {
        self.tensors = tensors
        self.path = path
    }

    /// - Throws: `modelTensor`; `modelUnreadable` for numbers that are not finite.
    mutating func values(_ name: String, _ shape: [Int]) throws(PotentialError) -> [Float] {
        guard let tensor = tensors[name], tensor.shape == shape else {
            throw .modelTensor(path: path, name: name, expected: shape, found: tensors[name]?.shape)
        }
        guard tensor.values.allSatisfy(\.isFinite) else {
            throw .modelUnreadable(path: path, reason: "\(name) holds numbers that are not finite")
        }
        taken.insert(name)
        return tensor.values
    }

    /// `[rows, columns]` as stored, `[columns, rows]` as returned.
    mutating func transposed(_ name: String, _ shape: [Int]) throws(PotentialError) -> [Float] {
        let values = try values(name, shape)
        let (rows, columns) = (shape[0], shape[1])
        return (0..<rows * columns).map { values[($0 % rows) * columns + $0 / rows] }
    }

    /// Refuses tensors of which nothing was taken: the model is another than its configuration says.
    ///
    /// - Throws: `modelUnsupported`.
    func requireNothingLeft() throws(PotentialError) {
        let left = tensors.keys.filter { !taken.contains($0) }.sorted()
        guard let first = left.first else { return }
        let others = left.count > 1 ? " and \(left.count - 1) more tensors" : ""
        throw .modelUnsupported(
            path: path, reason: "it holds \(first)\(others), of which its configuration makes no use")
    }
}
