internal import ArgumentParser
package import Coordination
internal import Fleet

/// How a program finds the learner, how it is known there, and how long it looks: the same for actors, reward workers
/// and relays.
package struct LearnerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The learner's address.", valueName: "tcp://HOST:PORT"))
    var connect: String?

    @Option(
        help: ArgumentHelp(
            "The learner's endpoint.json, in its run directory, in place of the address: it is waited for, and "
                + "followed when the learner is started elsewhere.", valueName: "file"))
    var connectFile: String?

    @Option(
        help: ArgumentHelp(
            "The key of this process, or a folder that holds one (druse keys, Documentation/security.md); DRUSE_KEYS "
                + "says the same.", valueName: "file"))
    var keys: String?

    @Option(
        help: ArgumentHelp(
            "The public key of the learner; else learner.pub beside --keys. DRUSE_SERVER_KEY says the same.",
            valueName: "file"))
    var serverKey: String?

    @Option(
        help: ArgumentHelp(
            "How long to look for a learner that does not answer; 0: for ever.", valueName: "seconds"))
    var patience = 1800.0

    package init() {}

    package func validate() throws {
        if let problem = RoleProcess.connectionProblem(connect: connect, file: connectFile) {
            throw ValidationError(problem)
        }
        guard patience >= 0 else { throw ValidationError("--patience must not be negative") }
    }

    /// Whether a key is named on the command line.
    package var namesKeys: Bool { keys != nil }

    /// What the program needs to know of the learner and of itself.
    ///
    /// - Parameters:
    ///   - threads: that work.
    ///   - drain: how long leaving may take, seconds.
    /// - Throws: what is wrong with the address or the keys.
    package func peer(threads: Int, drain: Double) throws -> PeerConfiguration {
        try RoleProcess.peer(
            connect: connect, file: connectFile, threads: threads, patience: patience, drain: drain,
            keys: PeerKeyPlaces(keys: keys, serverKey: serverKey))
    }
}
