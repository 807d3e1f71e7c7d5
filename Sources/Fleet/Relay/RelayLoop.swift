import Base
import Coordination
import Logging
import Protocol
import Security
import Trajectories
import Transport

/// The turns of the thread that serves a relay's peers. Made and used on that thread alone.
final class RelayLoop {
    enum Input: Sendable {
        case delivery(RelayWork.Delivery)
        case allow(AllowList)
        case warn(String)
    }

    /// Messages taken in one turn before it looks at what else is due.
    private static let messagesPerTurn = 256
    /// Connections are looked through this often.
    private static let lookInterval = Duration.seconds(1)

    private let configuration: RelayConfiguration
    private let inputs: Mailbox<Input>
    private let wishes: Mailbox<RelayWork.Wish>
    private let wakeup: Wakeup
    private let logger: Logger
    private let router: ZMQSocket
    private let monitor: ConnectionMonitor
    /// Lets connections in, where there are keys; made before the router listens, and closed after it.
    private let door: ZAPHandler?
    private var allowed: AllowList
    private var gate: ConnectionGate
    private var core: RelayCore
    private var lastLook = Moment.now
    private var reminder: SecurityReminder
    private var nextReport: Moment
    private var reported = RelayCore.Counters()
    private var hasToldStrangers = false
    /// Where it listens.
    let endpoint: Endpoint

    /// - Throws: `ZMQError`, `EndpointError`.
    init(
        _ configuration: RelayConfiguration, context: ZMQContext, wakeup: Wakeup, inputs: Mailbox<Input>,
        wishes: Mailbox<RelayWork.Wish>, logger: Logger
    ) throws {
        self.configuration = configuration
        self.inputs = inputs
        self.wishes = wishes
        self.wakeup = wakeup
        self.logger = logger
        allowed = configuration.credentials?.allowed ?? AllowList()
        door = try configuration.credentials.map { _ in try ZAPHandler(in: context) }
        router = try ZMQSocket(.router, in: context, options: .server(configuration.credentials))
        monitor = try ConnectionMonitor(of: router, in: context)
        gate = ConnectionGate(capacity: configuration.connections)
        core = RelayCore(capacity: configuration.cacheBytes)
        reminder = SecurityReminder(
            ListeningRule.warning(of: configuration.endpoint, hasKeys: configuration.credentials != nil))
        nextReport = Moment.now.advanced(by: configuration.report)
        endpoint = try router.bind(configuration.endpoint).fromAnywhere
    }

    /// Serves until the inputs are closed.
    ///
    /// - Returns: what was done.
    /// - Throws: `ZMQError`.
    func run() throws -> RelayCore.Counters {
        defer {
            monitor.close()
            router.close()
            door?.close()
        }
        let sockets = [router, monitor.events] + [door?.requests].compactMap { $0 }
        while !inputs.isExhausted {
            try ZMQPoller.wait(for: sockets, wakeup: wakeup, timeout: .milliseconds(100))
            for input in inputs.takeAll() { take(input) }
            try perform()
            try openDoor()
            try takeConnections()
            try takeMessages()
            let now = Moment.now
            core.tick(now: now)
            if lastLook.duration(to: now) >= Self.lookInterval {
                cutExcess(now: now)
                tellFigures(now: now)
            }
            if let text = reminder.take(now: now) { logger.warning("\(text)") }
            if now >= nextReport { report(now: now) }
        }
        return core.counters
    }

    private func take(_ input: Input) {
        switch input {
        case .delivery(let delivery): core.take(delivery)
        case .warn(let text): logger.warning("\(text)")
        case .allow(let list):
            let gone = allowed.entries.map { KeyHolder(name: $0.key, publicKey: $0.value.publicKey) }
                .filter { list.role(of: $0) == nil }
            allowed = list
            gate.demote(Set(gone), now: .now)
        }
    }

    /// Lets in whoever is on the allow-list.
    private func openDoor() throws {
        for decision in try door?.answer(by: allowed) ?? [] {
            guard case .denied(let key, let address) = decision, !hasToldStrangers else { continue }
            hasToldStrangers = true
            logger.warning(
                """
                the key \(key.start)... from \(address) is not on the relay's allow-list: not let in (further ones in \
                silence)
                """)
        }
    }

    private func takeConnections() throws {
        for change in try monitor.takeChanges() {
            switch change {
            case .opened(let descriptor): gate.open(descriptor, now: .now)
            case .closed(let descriptor): gate.close(descriptor)
            case .refused, .failed, .agreed: continue
            }
        }
    }

    private func cutExcess(now: Moment) {
        lastLook = now
        for descriptor in gate.takeExcess(now: now) { ConnectionMonitor.cut(descriptor) }
    }

    private func takeMessages() throws {
        for _ in 0..<Self.messagesPerTurn {
            guard var frames = try router.receive() else { return }
            // The router puts the connection's routing id in front.
            let routing = RoutingID(bytes: frames.removeFirst())
            guard frames.count == 1 else { continue }
            let holder = router.user.flatMap { KeyHolder(text: $0) }
            let isServed = core.receive(frames[0], from: routing, refusal: refusal(of: holder), now: .now)
            if isServed, let source = router.source { gate.recognise(source, of: holder) }
            try perform()
        }
    }

    /// Why whoever shows this key is not served; nil if it is.
    private func refusal(of holder: KeyHolder?) -> String? {
        guard configuration.credentials != nil else { return nil }
        guard let holder else { return "it has no key" }
        return allowed.role(of: holder) == nil ? "its key \(holder.name) was revoked at the relay" : nil
    }

    private func perform() throws {
        for effect in core.takeEffects() {
            switch effect {
            case .tell(let wish):
                // Each stands for a blob that is wanted or was kept, and of those there are few.
                if wishes.post(wish) != .posted { logger.debug("a wish was dropped") }
            case .send(let message, let routing):
                switch try router.send(message.encode(as: OutgoingFrame.self), to: routing.bytes) {
                // Whoever reads too slowly asks again, or asks the learner.
                case .sent, .full: break
                case .unreachable: core.undeliverable(to: routing)
                }
            }
        }
    }

    private func tellFigures(now: Moment) {
        guard let place = configuration.figures else { return }
        var figures = core.figures(now: now)
        figures.connections = gate.count
        place.value = figures
    }

    private func report(now: Moment) {
        nextReport = now.advanced(by: configuration.report)
        let counters = core.counters
        guard counters != reported else { return }
        reported = counters
        logger.info("\(counters), to \(gate.count) connections")
    }
}

extension RelayCore.Counters: CustomStringConvertible {
    package var description: String {
        func megabytes(_ bytes: Int) -> String { "\((bytes + 500_000) / 1_000_000) MB" }
        return "\(megabytes(bytesServed)) served in \(piecesServed) pieces, \(megabytes(bytesPulled)) pulled from the "
            + "learner"
    }
}
