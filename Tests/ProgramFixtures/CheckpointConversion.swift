package import Foundation

/// Runs `Scripts/convert-checkpoint`.
package enum CheckpointConversion {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    package static let scripts = repository.appending(path: "Scripts")
    /// A checkpoint of the reference, with the state of its optimiser.
    package static let checkpoint = repository.appending(path: "Tests/Fixtures/policy/tiny/epoch_000001.pkl")
    /// The sizes of its network.
    package static let configuration = repository.appending(path: "Tests/Fixtures/policy/tiny/config.json")

    /// Converts with a Python that needs no package.
    ///
    /// - Parameter script: another one that converts.
    package static func run(
        script: String = "convert-checkpoint", python: String, _ arguments: [String]
    ) throws -> DruseProcess.Outcome {
        let script = repository.appending(path: "Scripts/\(script)").path
        return try DruseProcess.run(executable: URL(filePath: python), [script] + arguments)
    }

    /// Converts while the caller's thread does other work.
    package static func run(python: String, _ arguments: [String]) async throws -> DruseProcess.Outcome {
        try await OwnThread.run { try run(python: python, arguments) }
    }
}
