import Foundation
import Messaging

/// The turns of the hub's thread: commands, messages, what is due, effects. Made and used on that thread alone.
final class HubLoop {
    /// Messages taken in one turn before the hub looks at what else is due.
    private static let messagesPerTurn = 256
    /// What is due by time is looked at this often at most.
    private static let tickInterval = Duration.milliseconds(5)
    /// Connections are looked through this often, and whenever one comes.
    private static let doorInterval = Duration.seconds(1)
    /// The learner sees the state of the hub as of this long ago at most.
    private static let stateInterval = Duration.milliseconds(100)

    private let configuration: LearnerConfiguration
    private let wakeup: Wakeup
    private let commands: Mailbox<Hub.Command>
    private let outputs: Mailbox<Hub.Output>
    private let events: Mailbox<HubEvent>
    private let latest: LatestValue<HubReport>
    private let router: ZMQSocket
    private let publisher: ZMQSocket
    private var doors: [Door]
    private var core: HubCore
    private var life = Life.running
    /// Outcomes that the learner had no room for yet.
    private var waitingOutcomes: [ScoredCrystal] = []
    /// Places of the outputs that outcomes leave to batches and ends.
    private static let reservedOutputs = 8
    private var lastTick = Moment.now
    private var lastDoors = Moment.now
    private var lastState: Moment?

    /// A listening socket, what is seen of its connections, and what is made of it.
    private struct Door {
        let name: String
        let monitor: ConnectionMonitor
        var gate: ConnectionGate
        var cutCount = 0
        var isRefusing = false
    }

    private enum Life {
        case running
        case draining(until: Moment)
        case over
    }

    init(
        configuration: LearnerConfiguration, context: ZMQContext, wakeup: Wakeup, commands: Mailbox<Hub.Command>,
        outputs: Mailbox<Hub.Output>, events: Mailbox<HubEvent>, latest: LatestValue<HubReport>
    ) throws {
        self.latest = latest
        self.configuration = configuration
        self.wakeup = wakeup
        self.commands = commands
        self.outputs = outputs
        self.events = events
        router = try ZMQSocket(.router, in: context)
        publisher = try ZMQSocket(.publisher, in: context)
        core = HubCore(configuration: configuration, generator: SystemRandomNumberGenerator())
        doors = [
            Door(
                name: "connections", monitor: try ConnectionMonitor(of: router, in: context),
                gate: ConnectionGate(
                    capacity: configuration.peerCapacity + configuration.strangerCapacity, hasLogins: true)),
            Door(
                name: "listeners to announcements", monitor: try ConnectionMonitor(of: publisher, in: context),
                gate: ConnectionGate(capacity: configuration.peerCapacity, hasLogins: false)),
        ]
        let peers = try router.bind(configuration.endpoint)
        let announcements = configuration.announcements ?? configuration.endpoint.withPort(0)
        guard let announcements else {
            throw RoleError.configuration(["\(configuration.endpoint) is no TCP endpoint: name one for announcements"])
        }
        let endpoints = HubEndpoints(
            peers: peers.fromAnywhere, announcements: try publisher.bind(announcements).fromAnywhere)
        core.announcementPort = endpoints.announcements.port ?? 0
        outputs.post(.started(endpoints), bounded: "a hub starts once")
    }

    /// Runs until it is told to end.
    ///
    /// - Throws: ``ZMQError``.
    func run() throws {
        defer {
            for door in doors { door.monitor.close() }
            router.close()
            publisher.close()
        }
        let sockets = [router] + doors.map(\.monitor.events)
        let pause = max(.milliseconds(5), min(.milliseconds(100), configuration.timing.heartbeat / 4))
        while true {
            try ZMQPoller.wait(for: sockets, wakeup: wakeup, timeout: pause)
            for command in commands.takeAll() { obey(command) }
            try perform()
            try takeConnections()
            try takeMessages()
            if lastTick.duration(to: .now) >= Self.tickInterval {
                lastTick = .now
                core.tick(now: lastTick)
                try perform()
                if lastDoors.duration(to: lastTick) >= Self.doorInterval { cutExcess() }
            }
            showState()
            switch life {
            case .running: continue
            case .draining(let until):
                guard core.peerCount == 0 || Moment.now >= until else { continue }
                try router.setLinger(.seconds(1))
            case .over: break
            }
            outputs.post(.ended(core.snapshot()), bounded: "a hub ends once")
            return
        }
    }

    private func showState() {
        let now = Moment.now
        if let lastState, lastState.duration(to: now) < Self.stateInterval { return }
        lastState = now
        latest.value = core.state(now: now)
    }

    private func obey(_ command: Hub.Command) {
        switch command {
        case .begin(let version, let policy, let reference, let known):
            core.begin(version: version, policy: policy, reference: reference, known: known, now: .now)
        case .refuse(let peer, let reason): core.refusePeers(named: peer, reason: reason, now: .now)
        case .finish(let reason):
            core.finish(reason)
            life = .draining(until: Moment.now.advanced(by: configuration.timing.drain))
        case .stop: life = .over
        }
    }

    /// Takes note of connections, and cuts those that are too many at once: each takes a descriptor.
    private func takeConnections() throws {
        var isCrowded = false
        for index in doors.indices {
            for change in try doors[index].monitor.takeChanges() {
                switch change {
                case .opened(let descriptor):
                    doors[index].gate.open(descriptor, now: .now)
                    isCrowded = true
                case .closed(let descriptor): doors[index].gate.close(descriptor)
                case .refused(let code):
                    isCrowded = true
                    guard !doors[index].isRefusing else { continue }
                    doors[index].isRefusing = true
                    core.warn("a connection could not be taken (\(String(cString: strerror(code)))): raise `ulimit -n`")
                }
            }
        }
        if isCrowded { cutExcess() }
    }

    private func cutExcess() {
        lastDoors = .now
        for index in doors.indices {
            let excess = doors[index].gate.takeExcess(now: .now)
            guard !excess.isEmpty else { continue }
            for descriptor in excess { ConnectionMonitor.cut(descriptor) }
            if doors[index].cutCount == 0 {
                core.warn(
                    "\(doors[index].name) that did not log in in time, or were too many, are cut (\(excess.count) "
                        + "now, further ones in silence)")
            }
            doors[index].cutCount += excess.count
        }
    }

    private func takeMessages() throws {
        for _ in 0..<Self.messagesPerTurn {
            guard var frames = try router.receive() else { return }
            // The router puts the connection's routing id in front.
            let routing = RoutingID(bytes: frames.removeFirst())
            if frames.count == 1 {
                core.receive(frames[0], from: routing, now: .now)
                if let source = router.source, core.isPeer(routing) { doors[0].gate.recognise(source) }
            } else {
                core.reject("malformed", detail: "a message of \(frames.count) frames")
            }
            try perform()
        }
    }

    private func perform() throws {
        // Dropping a peer that cannot be reached makes further effects.
        while true {
            let effects = core.takeEffects()
            guard !effects.isEmpty else { return }
            for effect in effects { try perform(effect) }
        }
    }

    private func perform(_ effect: HubEffect) throws {
        switch effect {
        case .send(let message, let routing):
            do {
                switch try router.send([routing.bytes, message.encode()]) {
                case .sent: break
                case .full: core.congested(message, to: routing)
                case .unreachable: core.undeliverable(to: routing)
                }
            } catch let error as OversizedMessage {
                core.reject("oversized", detail: "\(error)")
            }
        case .publish(let announcement):
            // Whoever misses it hears of the new weights with its next heartbeat.
            _ = try publisher.send([HubMessage.announcement(announcement).encode()])
        case .event(let event):
            if events.post(event) != .posted { core.countDroppedReport() }
        case .outcomes(let crystals):
            waitingOutcomes += crystals
            if outputs.post(.outcomes(waitingOutcomes), leaving: Self.reservedOutputs) == .posted {
                waitingOutcomes.removeAll()
            }
        case .batch(let batch):
            // It brings along what waited.
            waitingOutcomes.removeAll()
            outputs.post(.batch(batch), bounded: "the next version begins when the batch was taken")
        case .abort(let error): outputs.post(.aborted(error), bounded: "a run is aborted once")
        }
    }
}
