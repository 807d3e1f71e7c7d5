import Base
import Coordination
import Logging
import Protocol
import Security
import Trajectories
import Transport

/// The I/O of a peer: runs on the calling thread, which alone touches the sockets, until the role is over.
///
/// Work goes to a pool of threads and comes back through its mailbox; between messages the core is asked what is due.
struct PeerLoop<Work: PeerWork>: ~Copyable {
    /// Messages taken in one turn before the core is asked what else is due.
    private static var messagesPerTurn: Int { 64 }

    private var watch: EndpointWatch?
    private let context: ZMQContext
    private let wakeup: Wakeup
    private let pool: JobPool<Work.Job, Work.Output>
    /// Outputs that are of no job.
    private let inputs: Mailbox<Work.Output>?
    private let logger: Logger
    /// Where it notes what it has done; nil: nobody asks.
    private let figures: LatestValue<PeerFigures>?
    private var core: PeerCore<Work>
    private var dealer: ZMQSocket?
    /// Tells what becomes of the dealer's connections.
    private var monitor: ConnectionMonitor?
    private let options: ZMQSocket.Options
    private var chaos: Chaos?
    private let relay: RelayConnection?
    /// Where connections are made to now, and how often one was: places, and the addresses of a host, are tried in
    /// turn.
    private var endpoints: [Endpoint] = []
    private var connections = 0
    private var outcome: Result<PeerLeave, RoleError>?
    private var rejected: [String: Int] = [:]

    init(
        core: consuming PeerCore<Work>, configuration: PeerConfiguration, context: ZMQContext, wakeup: Wakeup,
        pool: JobPool<Work.Job, Work.Output>, inputs: Mailbox<Work.Output>? = nil, logger: Logger
    ) {
        figures = configuration.figures
        self.core = core
        watch = configuration.endpointFile.map { EndpointWatch(path: $0) }
        options = .client(configuration.credentials)
        relay = configuration.relay.map { RelayConnection($0, in: context, logger: logger) }
        chaos = configuration.chaos.map { Chaos($0) }
        if let chaos = configuration.chaos { logger.warning("faults on purpose: \(chaos)") }
        self.context = context
        self.wakeup = wakeup
        self.pool = pool
        self.inputs = inputs
        self.logger = logger
    }

    /// Runs until the role is over; why it is.
    ///
    /// - Throws: ``RoleError`` if it ends without success, ``ZMQError``.
    mutating func run(stop: StopToken, or other: StopToken? = nil) throws -> PeerLeave {
        defer {
            disconnect()
            relay?.close()
        }
        core.start(now: .now)
        look()
        try perform()
        while true {
            if let outcome { return try outcome.get() }
            try ZMQPoller.wait(
                for: [dealer, monitor?.events].compactMap { $0 } + (relay?.sockets ?? []), wakeup: wakeup,
                timeout: .milliseconds(100))
            if stop.isStopped || other?.isStopped == true { core.stop(now: .now) }
            for output in pool.takeOutputs() + (inputs?.takeAll() ?? []) { core.finished(output, now: .now) }
            try perform()
            try takeMessages()
            try send(chaos?.sending(now: .now) ?? [])
            try takePieces()
            look()
            try takeFailures()
            core.tick(now: .now)
            try perform()
            if let figures { figures.value = core.figures(now: .now) }
        }
    }

    private mutating func look() {
        let now = Moment.now
        if let sight = watch?.look(now: now) { core.follow(sight, now: now) }
    }

    private mutating func disconnect() {
        monitor?.close()
        monitor = nil
        dealer?.close()
        dealer = nil
    }

    /// Tells the core why connections come to nothing.
    private mutating func takeFailures() throws {
        for change in try monitor?.takeChanges() ?? [] {
            if case .failed(let failure) = change { core.note(LoginObstacle(failure)) }
        }
    }

    private mutating func takeMessages() throws {
        for _ in 0..<Self.messagesPerTurn {
            guard outcome == nil else { return }
            let frames = try dealer?.receive()
            if let frames, frames.count != 1 {
                reject(WireError.malformed("\(frames.count) frames"))
                continue
            }
            let arriving = chaos?.received(frames?[0], now: .now) ?? frames ?? []
            for frame in arriving {
                do { core.receive(try HubMessage.decode(frame), now: .now) } catch { reject(error) }
                try perform()
            }
            if frames == nil { return }
        }
    }

    /// Takes what the relay sends, and what becomes of its connection.
    private mutating func takePieces() throws {
        guard let relay else { return }
        for change in try relay.takeChanges(now: .now) { core.note(change, now: .now) }
        for message in try relay.takeMessages(atMost: Self.messagesPerTurn) {
            core.receiveFromRelay(message, now: .now)
            try perform()
        }
    }

    private mutating func reject(_ error: any Error) {
        let kind = "\(error)"
        if rejected.count < 64 || rejected[kind] != nil { rejected[kind, default: 0] += 1 }
        if rejected[kind] == 1 { logger.warning("dropped a message of the learner: \(kind)") }
    }

    private mutating func perform() throws {
        for job in core.takeJobs() { pool.submit(job) }
        for effect in core.takeEffects() where outcome == nil {
            switch effect {
            case .connect(let endpoints):
                disconnect()
                if endpoints != self.endpoints { (self.endpoints, connections) = (endpoints, 0) }
                guard let place = nextPlace() else { continue }
                let socket = try ZMQSocket(.dealer, in: context, options: options)
                dealer = socket
                monitor = try ConnectionMonitor(of: socket, in: context)
                try socket.connect(place)
            case .send(let message, let session): try send(message, session: session)
            case .askRelay(let message): try relay?.send(message)
            case .log(let text): logger.info("\(text)")
            case .leave(let leave):
                outcome = leave
                // What was said last, the goodbye, may still go out.
                try dealer?.setLinger(.milliseconds(500))
            }
        }
    }

    /// The place that a connection is made to next; nil if there is none.
    private mutating func nextPlace() -> Endpoint? {
        let known = endpoints.filter { $0.unknownHost == nil }
        if connections == 0, known.isEmpty, let host = endpoints.first?.unknownHost {
            logger.warning("the name \(host) has no address that this machine knows; trying again until it has")
        }
        let places = known.isEmpty ? endpoints : known.flatMap(\.connecting)
        defer { connections += 1 }
        return places.isEmpty ? nil : places[connections % places.count]
    }

    private func send(_ frames: [[UInt8]]) throws {
        for frame in frames { _ = try dealer?.send(OutgoingFrame(frame)) }
    }

    private mutating func send(_ message: PeerMessage, session: UInt64) throws {
        guard let dealer else { return }
        do {
            // A full queue means a stuck hub. Results are sent again until they are acknowledged, requests for weights
            // until they are answered, heartbeats at their pace. What a return or a goodbye would have given back at
            // once, the hub takes back when the lease expires or the silence is too long.
            if chaos == nil {
                _ = try dealer.send(message.encode(session: session, as: OutgoingFrame.self))
            } else {
                try send(chaos?.sent(message.encode(session: session), now: .now) ?? [])
            }
        } catch let error as OversizedMessage {
            logger.error("a message was dropped: \(error)")
        }
    }
}
