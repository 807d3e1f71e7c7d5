import Base
import Coordination
import Logging
import Protocol
import Transport

/// The connection of a peer to its relay, on the thread of the peer's loop: made by itself, and again when it breaks.
///
/// What is asked while there is none is lost; the core asks the learner then.
final class RelayConnection {
    /// Without an answer for so long, the next address of the relay is tried.
    private static let addressPatience = Duration.seconds(5)

    private let context: ZMQContext
    private let options: ZMQSocket.Options
    private let logger: Logger
    private var watch: EndpointWatch?
    private var places: [Endpoint] = []
    private var attempts = 0
    private var dealer: ZMQSocket?
    private var monitor: ConnectionMonitor?
    private var state = State.seeking

    private enum State {
        case seeking
        case connecting(since: Moment)
        case connected
    }

    init(_ place: RelayPlace, in context: ZMQContext, logger: Logger) {
        self.context = context
        self.logger = logger
        options = .client(place.credentials)
        watch = place.file.map { EndpointWatch(path: $0) }
        places = place.endpoint.map { [$0] } ?? []
    }

    /// What to wait for.
    var sockets: [ZMQSocket] { [dealer, monitor?.events].compactMap { $0 } }

    /// Connects where that is due; what became of the connection since the last call.
    ///
    /// - Throws: `ZMQError`.
    func takeChanges(now: Moment) throws -> [RelayChange] {
        var changes: [RelayChange] = []
        if case .success(let place)? = watch?.look(now: now) {
            if dealer != nil { changes.append(.lost) }
            (places, attempts) = (place.endpoints, 0)
            try connect(now: now)
        }
        switch state {
        case .seeking where !places.isEmpty: try connect(now: now)
        case .connecting(let since) where since.duration(to: now) > Self.addressPatience: try connect(now: now)
        case .seeking, .connecting, .connected: break
        }
        for change in try monitor?.takeChanges() ?? [] {
            switch change {
            case .agreed:
                state = .connected
                // A connection by which nothing comes is cut there.
                try send(.heartbeat(Readiness(window: 0)))
                changes.append(.connected)
            case .closed:
                guard case .connected = state else { continue }
                state = .connecting(since: now)
                changes.append(.lost)
            case .failed(let failure): changes.append(.failed(LoginObstacle(failure)))
            case .opened, .refused: continue
            }
        }
        return changes
    }

    private func connect(now: Moment) throws {
        disconnect()
        state = .connecting(since: now)
        let ways = places.filter { $0.unknownHost == nil }.flatMap(\.connecting)
        guard !ways.isEmpty else { return }
        let socket = try ZMQSocket(.dealer, in: context, options: options)
        dealer = socket
        monitor = try ConnectionMonitor(of: socket, in: context)
        try socket.connect(ways[attempts % ways.count])
        attempts += 1
    }

    /// The relay's messages, as many as there are and are wanted.
    ///
    /// - Throws: `ZMQError`.
    func takeMessages(atMost limit: Int) throws -> [HubMessage] {
        var messages: [HubMessage] = []
        while messages.count < limit, let frames = try dealer?.receive() {
            // What makes no sense is as good as silence: the pieces are late.
            guard frames.count == 1, let message = try? HubMessage.decode(frames[0]) else { continue }
            messages.append(message)
        }
        return messages
    }

    /// Sends a request, if there is a connection with room for it.
    ///
    /// - Throws: `ZMQError`.
    func send(_ message: PeerMessage) throws {
        guard case .connected = state, let dealer else { return }
        do { _ = try dealer.send(message.encode(session: 0, as: OutgoingFrame.self)) } catch let error
            as OversizedMessage
        {
            logger.error("a message was dropped: \(error)")
        }
    }

    func close() { disconnect() }

    private func disconnect() {
        monitor?.close()
        monitor = nil
        dealer?.close()
        dealer = nil
    }
}

extension LoginObstacle {
    /// What a failed handshake says.
    init(_ failure: ConnectionMonitor.HandshakeFailure) {
        self =
            switch failure {
            case .notAllowed: .keyNotAllowed
            case .mechanism: .keysOnOneSide
            case .key, .brokenOff: .brokenOff
            case .malformed: .notTheProtocol
            }
    }
}
