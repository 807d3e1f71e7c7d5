internal import Base
internal import Protocol
internal import Security

/// Where the pieces of a blob come from. The table of a blob, by which each piece is checked, comes from the learner
/// always.
package enum BlobSource: Sendable, Hashable {
    case learner
    case relay
}

/// Whether a peer asks its relay for pieces, as far as it knows it.
///
/// A relay is believed nothing: what it does not send in time, or sends damaged, the learner is asked for, and the
/// relay rests. While it is there, and does what it should, the learner sends no piece.
struct RelayUse: Sendable {
    /// How long a relay rests that was late, the first time; then twice as long, until it serves again.
    private static let firstRest = Duration.seconds(30)
    private static let longestRest = Duration.seconds(600)
    /// How long one rests that sent what it should not have sent.
    private static let restOfALiar = Duration.seconds(3600)

    private enum State: Sendable {
        case connecting(since: Moment)
        case here
        case gone
    }

    private let place: RelayPlace?
    private var state: State?
    private var restsUntil: Moment?
    private var rest = RelayUse.firstRest
    /// The blob that it said it does not have.
    private var lacking: Digest?
    private var obstacle: LoginObstacle?

    init(_ place: RelayPlace?) { self.place = place }

    var patience: Duration { place?.patience ?? .zero }

    /// Whom to ask for pieces of a blob now; nil: the relay is about to answer.
    mutating func source(of digest: Digest, now: Moment) -> BlobSource? {
        guard let place else { return .learner }
        switch state {
        case nil:
            state = .connecting(since: now)
            return nil
        case .connecting(let since)?:
            guard since.duration(to: now) >= place.grace else { return nil }
            state = .gone
            return .learner
        case .gone?: return .learner
        case .here?:
            if let until = restsUntil {
                guard now >= until else { return .learner }
                restsUntil = nil
            }
            return lacking == digest ? .learner : .relay
        }
    }

    // MARK: - What it is seen to do; each returns what to tell

    mutating func note(_ change: RelayChange) -> String? {
        guard let place else { return nil }
        switch change {
        case .connected:
            state = .here
            lacking = nil
            obstacle = nil
            return "connected to \(place.name): weights and files come from it"
        case .lost:
            let wasHere = if case .here? = state { true } else { false }
            state = .gone
            return wasHere ? "\(place.name) is gone: weights and files come from the learner" : nil
        case .failed(let failure):
            // A relay that ends in the middle of a handshake says nothing else.
            guard failure != obstacle, failure != .brokenOff || obstacle == nil else { return nil }
            obstacle = failure
            state = .gone
            return "\(place.name) cannot be used, weights and files come from the learner: "
                + failure.text(ofRelay: place)
        }
    }

    /// A piece has come, and is what it should be.
    mutating func hasServed() { rest = Self.firstRest }

    /// It does not have a blob.
    mutating func lacks(_ digest: Digest) { lacking = digest }

    mutating func isLate(now: Moment) -> String? {
        guard let place, restsUntil == nil else { return nil }
        restsUntil = now.advanced(by: rest)
        defer { rest = min(Self.longestRest, rest * 2) }
        return "\(place.name) has not sent a piece for \(place.patience.milliseconds) ms: weights and files come "
            + "from the learner for \(rest.milliseconds / 1000) s"
    }

    mutating func hasLied(about digest: Digest, now: Moment) -> String? {
        guard let place else { return nil }
        restsUntil = now.advanced(by: Self.restOfALiar)
        return "\(place.name) sent a piece of \(digest) that is not what the learner says: it is not asked again for "
            + "\(Self.restOfALiar.milliseconds / 60_000) min"
    }

    /// It does not want to serve this peer.
    mutating func hasRefused(_ reason: String, now: Moment) -> String? {
        guard let place, restsUntil == nil else { return nil }
        restsUntil = now.advanced(by: Self.longestRest)
        return "\(place.name) does not serve this process: \(reason)"
    }
}

extension LoginObstacle {
    /// What may be wrong with a connection to a relay, and what to do.
    fileprivate func text(ofRelay place: RelayPlace) -> String {
        switch (self, place.credentials) {
        case (.keyNotAllowed, let credentials?):
            "its allow-list does not have the key \(credentials.name) (\(credentials.pair.publicKey.start)...): where "
                + "the relay runs, druse keys allow KEYS \(credentials.name).pub"
        case (.keysOnOneSide, _?): "this process has keys, and the relay was started without --keys"
        case (.keyNotAllowed, nil), (.keysOnOneSide, nil):
            "the relay was started with --keys, and this process has none"
        case (.brokenOff, let credentials?):
            "the handshake is broken off: the key in \(credentials.serverPath) may be that of another relay"
        case (.brokenOff, nil): "the handshake is broken off: is it a relay that listens there?"
        case (.notTheProtocol, _): "what listens there speaks another protocol: is it a relay?"
        }
    }
}
