internal import CSpawn
import Foundation
package import Trajectories

/// The program of a foreign engine, and what it is started with.
package struct ForeignCommand: Sendable, Hashable {
    /// The words of the command line, the program first.
    package let words: [String]
    let environment: [String: String]
    private let executable: String

    /// - Throws: ``RoleError/configuration(_:)`` if there is no such program.
    /// - Precondition: there is a first word.
    package init(words: [String], environment: [String: String]) throws(RoleError) {
        self.words = words
        self.environment = environment
        executable = try EngineWords.executable(words[0], path: environment["PATH"] ?? "/usr/bin:/bin")
    }

    /// Starts it; its process, or the negative number of an error of the system.
    func start(_ pipes: EnginePipes) -> Int32 {
        let arguments = words.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        return cspawn_start(
            executable, arguments, variables, pipes.farEnds[0], pipes.farEnds[1], pipes.farEnds[2],
            CSPAWN_DIES_WITH_THREAD, 0)
    }
}
