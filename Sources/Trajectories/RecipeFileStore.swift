package import Base

/// The files that the settings of reward workers name, on a worker's machine.
package protocol RecipeFileStore: Sendable {
    /// Those that are not here, or damaged, by digest.
    ///
    /// - Throws: for settings that cannot be read.
    func missing(of settings: String) throws -> [Digest]

    /// Keeps a file that was missing.
    ///
    /// - Throws: if it cannot be stored here.
    func keep(_ blob: Blob, of settings: String) throws
}
