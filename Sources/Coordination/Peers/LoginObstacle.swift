internal import Security

/// Why a peer does not get as far as its login, as its connection shows it.
package enum LoginObstacle: Sendable, Hashable {
    /// The learner's allow-list does not have its key.
    case keyNotAllowed
    /// One side has keys, and the other has none.
    case keysOnOneSide
    /// What listens there went away in the middle of the handshake: so does a learner that has another key than the
    /// one that this peer trusts.
    case brokenOff
    /// What listens there speaks something else.
    case notTheProtocol

    /// What may be wrong, and what to do.
    func text(_ configuration: PeerConfiguration) -> String {
        let credentials = configuration.credentials
        switch (self, credentials) {
        case (.keyNotAllowed, let credentials?):
            return "its allow-list does not have the key \(credentials.name) (\(credentials.pair.publicKey.start)...), "
                + "or no longer: where the learner's keys are, druse keys allow KEYS \(credentials.name).pub"
        case (.keyNotAllowed, nil): return "it takes known keys alone: give --keys (Documentation/security.md)"
        case (.keysOnOneSide, _?):
            return "this process has keys (--keys, DRUSE_KEYS), and the learner was started without --keys"
        case (.keysOnOneSide, nil):
            return "the learner was started with --keys, and this process has none: give --keys "
                + "(Documentation/security.md)"
        case (.brokenOff, let credentials?):
            return "the handshake is broken off: the key in \(credentials.serverPath) may be that of another learner "
                + "(copy its learner.pub anew), or no learner listens there"
        case (.brokenOff, nil): return "the handshake is broken off: is it a learner that listens there?"
        case (.notTheProtocol, _): return "what listens there speaks another protocol: is it a learner?"
        }
    }
}
