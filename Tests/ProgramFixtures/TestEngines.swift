internal import Foundation

/// The engines of `Tests/Fixtures/engines`, and what is needed to run them.
package enum TestEngines {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The folder of the package `druse_engine`.
    package static let package = repository.appending(path: "Scripts/engines").path

    /// The page that describes the protocol.
    package static let document = repository.appending(path: "Documentation/engines.md").path

    /// A file of the fixtures.
    package static func file(_ name: String) -> String {
        repository.appending(path: "Tests/Fixtures/engines/\(name)").path
    }

    /// A Python without any package; nil if there is none.
    package static let python = python(importing: [])
    /// One with numpy.
    package static let pythonWithNumpy = python(importing: ["numpy"])
    /// One with TensorBoard.
    package static let pythonWithTensorBoard = python(importing: ["tensorboard"])
    /// One with the Atomic Simulation Environment.
    package static let pythonWithASE = python(importing: ["ase", "numpy"])
    /// One with torch-sim.
    package static let pythonWithTorchSim = python(importing: ["torch_sim", "ase"])

    /// The first Python that has some modules.
    private static func python(importing modules: [String]) -> String? {
        let script = "import sys\nfor module in sys.argv[1:]: __import__(module)"
        let tools = repository.appending(path: ".build/tools-venv/bin/python3").path
        return [tools, "/usr/bin/python3", "/usr/local/bin/python3", onPath("python3")].compactMap { $0 }.first {
            python in
            guard FileManager.default.isExecutableFile(atPath: python) else { return false }
            return (try? DruseProcess.run(executable: URL(filePath: python), ["-c", script] + modules))?.status == 0
        }
    }

    /// The C compiler; nil if there is none.
    package static let compiler = onPath("cc")

    /// Compiles an engine of the fixtures into a folder.
    package static func compile(_ name: String, with compiler: String, into folder: TemporaryFolder) throws -> String {
        let program = folder.path("\(name).out")
        let outcome = try DruseProcess.run(
            executable: URL(filePath: compiler),
            ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, file(name)])
        guard outcome.status == 0 else { throw CompilerFailed(description: outcome.messages) }
        return program
    }

    private struct CompilerFailed: Error, CustomStringConvertible {
        let description: String
    }

    private static func onPath(_ program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
