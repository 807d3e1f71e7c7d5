internal import Base
internal import Foundation

/// A model's tensors with its configuration, as a safetensors file holds them.
struct ModelFile {
    let path: String
    let tensors: [String: Safetensors.Tensor]
    let metadata: [String: String]

    /// - Throws: `modelUnreadable`.
    init(contentsOf url: URL) throws(PotentialError) {
        let path = url.path(percentEncoded: false)
        do {
            try self.init(Data(contentsOf: url), path: path)
        } catch let error as PotentialError {
            throw error
        } catch {
            throw .modelUnreadable(path: path, reason: FileProblem.reason(of: error))
        }
    }

    /// - Parameter path: for messages.
    /// - Throws: `modelUnreadable`.
    init(_ data: Data, path: String) throws(PotentialError) {
        self.path = path
        let file: Safetensors
        do throws(SafetensorsError) { file = try Safetensors(data) } catch {
            throw .modelUnreadable(path: path, reason: "\(error)")
        }
        let infinite = file.tensors.filter { !$0.value.values.allSatisfy(\.isFinite) }.keys.min()
        if let infinite { throw .modelUnreadable(path: path, reason: "\(infinite) holds numbers that are not finite") }
        (tensors, metadata) = (file.tensors, file.metadata)
    }

    /// SHA-256 of the tensors (names, shapes, values) and a configuration, hexadecimal; comments and layout of the file
    /// do not count.
    ///
    /// - Parameter json: the configuration; the order of its keys does not count.
    static func digest(of tensors: [String: Safetensors.Tensor], configuration json: String) -> String {
        var hash = SHA256()
        // A length before each part, so that no two contents run together to the same bytes.
        func add(_ text: some Collection<UInt8>) {
            withUnsafeBytes(of: UInt64(text.count).littleEndian) { hash.update($0) }
            hash.update(text)
        }
        let object = try? JSONSerialization.jsonObject(with: Data(json.utf8))
        let sorted = object.flatMap { try? JSONSerialization.data(withJSONObject: $0, options: .sortedKeys) }
        add(sorted ?? Data(json.utf8))
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            add(Array(name.utf8))
            add(Array("\(tensor.shape)".utf8))
            tensor.values.withUnsafeBytes { hash.update($0) }
        }
        return hash.finalize().hexadecimal
    }
}
