package import Foundation

/// A program that some tests need and not every machine has.
package struct OptionalTool: Sendable {
    package let url: URL

    /// Finds a program on the path; nil if it is not there.
    package init?(_ name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        let places = folders.map { URL(filePath: String($0)).appending(path: name) }
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            return nil
        }
        url = found
    }

    /// Runs it while the caller's thread does other work.
    package func run(_ arguments: [String], input: String = "") async throws -> DruseProcess.Outcome {
        try await DruseProcess.run(executable: url, arguments, input: input)
    }
}
