import Base
import Coordination
import Protocol
import Trajectories
import Transport

/// The turns of the hub's thread: commands, messages, what is due, effects. Made and used on that thread alone.
final class HubLoop {
    /// Messages taken in one turn before the hub looks at what else is due.
    private static let messagesPerTurn = 256
    /// What is due by time is looked at this often at most.
    private static let tickInterval = Duration.milliseconds(5)
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
    private var core: HubCore
    private var life = Life.running
    /// Outcomes that the learner had no room for yet.
    private var waitingOutcomes: [ScoredCrystal] = []
    /// Places of the outputs that outcomes leave to batches and ends.
    private static let reservedOutputs = 8
    private var lastTick = Moment.now
    private var lastState: Moment?

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
        router = try ZMQSocket(.router, in: context, options: .wire)
        publisher = try ZMQSocket(.publisher, in: context, options: .wire)
        core = HubCore(configuration: configuration, generator: SystemRandomNumberGenerator())
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
            router.close()
            publisher.close()
        }
        let pause = max(.milliseconds(5), min(.milliseconds(100), configuration.timing.heartbeat / 4))
        while true {
            try ZMQPoller.wait(for: [router], wakeup: wakeup, timeout: pause)
            for command in commands.takeAll() { obey(command) }
            try perform()
            try takeMessages()
            if lastTick.duration(to: .now) >= Self.tickInterval {
                lastTick = .now
                core.tick(now: lastTick)
                try perform()
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

    private func takeMessages() throws {
        for _ in 0..<Self.messagesPerTurn {
            guard var frames = try router.receive() else { return }
            // The router puts the connection's routing id in front.
            let routing = RoutingID(bytes: frames.removeFirst())
            if frames.count == 1 {
                core.receive(frames[0], from: routing, now: .now)
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
