internal import Base
internal import Foundation
package import Policy
package import Potentials
package import Stability

/// Opens the policy that a command names.
package enum PolicySource {
    /// - Parameters:
    ///   - path: a safetensors file; nil is the embedded base policy.
    ///   - configurationPath: a JSON file with the sizes, for weights without a configuration in their metadata.
    /// - Throws: ``ModelError``.
    package static func load(path: String?, configurationPath: String? = nil) throws(ModelError) -> PolicyWeights {
        do {
            guard let path else { return try PolicyWeights.embedded() }
            try ModelSource.requireFile(path)
            return try PolicyWeights(
                contentsOf: URL(filePath: path), configuration: try configuration(configurationPath))
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelSource.failure(error, path: path)
        }
    }

    private static func configuration(_ path: String?) throws(ModelError) -> PolicyConfiguration? {
        guard let path else { return nil }
        try ModelSource.requireFile(path)
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: path)) } catch {
            throw ModelError("cannot read \(path): \(FileProblem.reason(of: error))")
        }
        do {
            return try JSONDecoder().decode(PolicyConfiguration.self, from: data)
        } catch {
            throw ModelError(
                "\(path) is no policy configuration: it must be a JSON object of sizes such as \"num_layers\"")
        }
    }
}

/// Opens the interatomic potential that a command names.
package enum PotentialSource {
    /// - Parameter name: "chgnet" for the embedded model, else a safetensors file.
    /// - Throws: ``ModelError``.
    package static func load(_ name: String) throws(ModelError) -> any InteratomicPotential {
        do {
            if name == "chgnet" { return try CHGNet.embedded() }
            guard FileManager.default.fileExists(atPath: name) else {
                throw ModelError(
                    "there is no potential and no file \(name): name chgnet or a model file (.safetensors)")
            }
            try ModelSource.requireFile(name)
            return try CHGNet(contentsOf: URL(filePath: name))
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelSource.failure(error, path: name)
        }
    }
}

/// Opens the hull that a command names.
package enum HullSource {
    /// - Parameter name: "default" for the embedded hull, else a file of entries.
    /// - Throws: ``ModelError``.
    package static func load(_ name: String) throws(ModelError) -> HullReference {
        do {
            return name == "default" ? try HullReference.embedded() : try HullReference.open(URL(filePath: name))
        } catch {
            throw ModelSource.failure(error, path: name)
        }
    }
}

/// What the sources have in common.
private enum ModelSource {
    static func requireFile(_ path: String) throws(ModelError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw ModelError("cannot read \(path): there is no such file")
        }
        if isFolder.boolValue { throw ModelError("cannot read \(path): it is a folder") }
    }

    /// The failure with the file's name, once.
    static func failure(_ error: some Error, path: String?) -> ModelError {
        let text = "\(error)"
        guard let path, !text.contains(path) else { return ModelError(text) }
        return ModelError("\(path): \(text)")
    }
}
