/// A process to supervise.
package struct ChildSpecification: Sendable, Hashable {
    package var name: String
    /// The path of the program.
    package var executable: String
    package var arguments: [String]
    /// Arguments added when it is started again, such as `--resume`.
    package var restartArguments: [String] = []
    /// The one that decides: the run ends with it.
    package var isPrimary = false
    /// What it is one of, such as "actor": the run ends when none of these can live. nil: it is the only one of its
    /// kind.
    package var kind: String?
    /// How much it gives way to the others (nice(2)): 0 to 19.
    package var niceness: Int32 = 0
    /// Failures of its own within an hour that are followed by another start.
    package var failuresPerHour = 20
    /// Ends within an hour that came from outside (a signal, a request to leave) and are followed by another start.
    var interruptionsPerHour = 200

    package init(name: String, executable: String, arguments: [String]) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
    }
}
