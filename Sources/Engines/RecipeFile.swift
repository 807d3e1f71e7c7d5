internal import Base
package import Foundation
package import Trajectories

/// A file that a recipe names by its content: a potential's model, a hull's entries. The learner offers it, a reward
/// worker pulls it unless it has it.
package struct RecipeFile: Codable, Sendable, Hashable {
    /// The file's name without folders; its extensions tell the format.
    package var name: String
    /// SHA-256 of the file, hexadecimal.
    package var digest: String

    package init(name: String, digest: String) {
        self.name = name
        self.digest = digest
    }

    /// The file at a place, and its content to offer.
    ///
    /// - Throws: ``ModelError`` if it cannot be read, or is larger than the protocol carries.
    package static func offer(_ url: URL) throws(ModelError) -> (file: RecipeFile, blob: Blob) {
        let data: Data
        do { data = try Data(contentsOf: url, options: .mappedIfSafe) } catch {
            throw ModelError("cannot read \(url.path): \(FileProblem.reason(of: error))")
        }
        guard data.count <= Blob.capacity else {
            throw ModelError(
                "\(url.path) has \(data.count) bytes; reward workers are sent files of at most \(Blob.capacity): make "
                    + "it smaller (a hull may be compressed: .json.bz2)")
        }
        let blob = Blob(data)
        return (RecipeFile(name: url.lastPathComponent, digest: blob.digest.hexadecimal), blob)
    }
}
