import Foundation

extension PolicyWeights {
    /// The base policy that ships with the program (`Resources/base-policy`: how it was trained stands beside it).
    ///
    /// - Throws: `PolicyError.missingEmbeddedPolicy` where the program's resources are not installed beside it.
    package static func embedded() throws -> PolicyWeights {
        guard
            let url = Bundle.module.url(
                forResource: "policy", withExtension: "safetensors", subdirectory: "Resources/base-policy")
        else { throw PolicyError.missingEmbeddedPolicy }
        return try PolicyWeights(contentsOf: url)
    }
}
