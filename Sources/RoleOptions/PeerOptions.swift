internal import ArgumentParser
package import Coordination
internal import Fleet

/// What actors and reward workers are told alike: the learner that they work for, a relay near them, how they leave.
package struct PeerOptions: ParsableArguments {
    @OptionGroup var learner: LearnerOptions

    @Option(
        help: ArgumentHelp(
            "Where weights and files come from, if it is there: the address of a relay (druse relay), or the file that "
                + "it writes. DRUSE_RELAY says the same.", valueName: "place"))
    var relay: String?

    @Option(
        help: ArgumentHelp(
            "The public key of the relay; else relay.pub beside --keys. DRUSE_RELAY_KEY says the same.",
            valueName: "file"))
    var relayKey: String?

    @Option(
        help: ArgumentHelp(
            "How long leaving may take when asked to: what is begun is finished, the rest given back; what is not done "
                + "by then goes to others.", valueName: "seconds"))
    var drain = 20.0

    @Option(
        help: ArgumentHelp(
            "Faults to make on purpose, to see that the cluster bears them: chances from 0 to 1 a message, such as "
                + "kill=0.001,delay=0.1:2,corrupt=0.01,duplicate=0.05,lose=0.01 (delay=CHANCE:SECONDS).",
            valueName: "faults"))
    var chaos: String?

    package init() {}

    package func validate() throws {
        if let chaos {
            do { _ = try ChaosRule(chaos) } catch { throw ValidationError("--\(error)") }
        }
        guard drain >= 0 else { throw ValidationError("--drain must not be negative") }
    }

    /// What the peer needs to know.
    ///
    /// - Parameter threads: that sample or measure.
    /// - Throws: what is wrong with the address or the keys.
    package func peer(threads: Int) throws -> PeerConfiguration {
        var configuration = try learner.peer(threads: threads, drain: drain)
        configuration.chaos = try chaos.map { try ChaosRule($0) }
        configuration.relay = try RelayPlaces(relay: relay, relayKey: relayKey).place(configuration.credentials)
        return configuration
    }
}
