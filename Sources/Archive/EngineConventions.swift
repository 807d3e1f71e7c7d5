internal import Foundation

/// The energy convention by which a run measures with each engine that reward workers brought, by the engine's name:
/// that of the first worker. Kept in the run's directory, so that it holds in every life of the learner.
package struct EngineConventions: Sendable {
    private let file: URL
    package private(set) var conventions: [String: String]

    private static let fileName = "engines.json"

    /// - Throws: ``ArchiveError`` for a file that cannot be read.
    package init(_ directory: RunDirectory) throws(ArchiveError) {
        file = directory.inputs.appending(path: Self.fileName)
        conventions = [:]
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        let data = try DurableFile.read(file)
        do { conventions = try JSONDecoder().decode([String: String].self, from: data) } catch {
            throw .damaged(path: file.path, reason: "it does not name energy conventions of engines; restore it")
        }
    }

    /// Notes the convention of an engine that has none yet.
    package mutating func note(_ convention: String, of engine: String) throws(ArchiveError) {
        guard conventions[engine] == nil else { return }
        conventions[engine] = convention
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do { data = try encoder.encode(conventions) } catch {
            throw .file(path: file.path, operation: "encode", reason: "\(error)")
        }
        try DurableFile.replace(file, with: data)
    }
}
