import Base
import Coordination
import Foundation
import Protocol
import Security
import Trajectories
import Transport

/// The turns of the hub's thread: commands, messages, what is due, effects. Made and used on that thread alone.
final class HubLoop {
    /// Messages taken in one turn before the hub looks at what else is due.
    private static let messagesPerTurn = 256
    /// What is due by time is looked at this often at most.
    private static let tickInterval = Duration.milliseconds(5)
    /// Connections are looked through this often, and whenever one comes.
    private static let lookInterval = Duration.seconds(1)
    /// The learner sees the state of the hub as of this long ago at most.
    private static let stateInterval = Duration.milliseconds(100)

    private let configuration: LearnerConfiguration
    private let wakeup: Wakeup
    private let commands: Mailbox<Hub.Command>
    private let outputs: Mailbox<Hub.Output>
    private let finished: Mailbox<[ScoredCrystal]>
    private let events: Mailbox<HubEvent>
    private let latest: LatestValue<HubReport>
    private let router: ZMQSocket
    /// What is seen of the connections, and what is made of it.
    private let monitor: ConnectionMonitor
    private var gate: ConnectionGate
    /// The peers that connections belong to, by their descriptors.
    private var routings: [Int32: RoutingID] = [:]
    private var cutCount = 0
    private var isRefusing = false
    /// Lets connections in, where there are keys; made before the router listens, and closed after it.
    private let door: ZAPHandler?
    private var deniedKeys: Set<PublicKey> = []
    /// Denied keys that are told apart; further ones are counted.
    private static let deniedKeyLimit = 100
    /// Holders by what the library says of a message: the same few again and again.
    private var holders: [String: KeyHolder] = [:]
    private var allowed: AllowList
    private var reminder: SecurityReminder
    private var core: HubCore
    private var life = Life.running
    /// Outcomes that there was no room for yet.
    private var waitingOutcomes: [ScoredCrystal] = []
    /// Other work that is measured, and that nobody had room for yet.
    private var waitingWork: [FinishedWork] = []
    /// Places of the outputs that other work leaves to batches and ends.
    private static let reservedOutputs = 8
    private var lastTick = Moment.now
    private var lastLook = Moment.now
    private var lastState: Moment?
    /// Sees what the peers do; nil where nobody wants to know.
    private var watch: FleetWatch?
    private var lag = LoopLag()
    /// When it looks next.
    private var nextWatch = Moment.now
    private static let watchInterval = Duration.seconds(1)
    /// Looking takes at most one part in so many of the hub's time.
    private static let watchShare = 200

    private enum Life {
        case running
        case draining(until: Moment)
        case over
    }

    init(
        configuration: LearnerConfiguration, context: ZMQContext, wakeup: Wakeup, commands: Mailbox<Hub.Command>,
        outputs: Mailbox<Hub.Output>, finished: Mailbox<[ScoredCrystal]>, events: Mailbox<HubEvent>,
        latest: LatestValue<HubReport>
    ) throws {
        self.latest = latest
        self.configuration = configuration
        self.wakeup = wakeup
        self.commands = commands
        self.outputs = outputs
        self.finished = finished
        self.events = events
        allowed = configuration.credentials?.allowed ?? AllowList()
        door = try configuration.credentials.map { _ in try ZAPHandler(in: context) }
        var options = ZMQSocket.Options.wire
        options.curve = configuration.credentials.map { .server($0.pair) }
        router = try ZMQSocket(.router, in: context, options: options)
        reminder = SecurityReminder(
            ListeningRule.warning(of: configuration.endpoint, hasKeys: configuration.credentials != nil))
        core = HubCore(configuration: configuration, generator: SystemRandomNumberGenerator())
        watch = configuration.watchesFleet ? FleetWatch() : nil
        monitor = try ConnectionMonitor(of: router, in: context)
        gate = ConnectionGate(capacity: configuration.peerCapacity + configuration.strangerCapacity)
        let endpoint = try router.bind(configuration.endpoint).fromAnywhere
        outputs.post(.started(endpoint), bounded: "a hub starts once")
    }

    /// Runs until it is told to end.
    ///
    /// - Throws: ``ZMQError``.
    func run() throws {
        defer {
            handOutLastOutcomes()
            monitor.close()
            router.close()
            door?.close()
        }
        if let credentials = configuration.credentials, credentials.allowed.count == 0 {
            core.warn(
                "nobody can take part yet: the allow-list \(credentials.folder.path) has no keys (druse keys allow)")
        }
        let sockets = [router, monitor.events] + [door?.requests].compactMap { $0 }
        let pause = max(.milliseconds(5), min(.milliseconds(100), configuration.timing.heartbeat / 4))
        while true {
            try ZMQPoller.wait(for: sockets, wakeup: wakeup, timeout: pause)
            let begin = watch == nil ? nil : Moment.now
            execute(commands.takeAll())
            try perform()
            try openDoor()
            try takeConnections()
            try takeMessages()
            if lastTick.duration(to: .now) >= Self.tickInterval {
                lastTick = .now
                core.tick(now: lastTick)
                if let text = reminder.take(now: lastTick) { core.warn(text) }
                try perform()
                if lastLook.duration(to: lastTick) >= Self.lookInterval { cutExcess() }
            }
            handOutWork()
            handOutOutcomes()
            showState()
            if let begin { watchFleet(turn: begin) }
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

    private func watchFleet(turn begin: Moment) {
        let now = Moment.now
        lag.note(begin.duration(to: now))
        guard now >= nextWatch, var state = watch?.look(at: core, now: now) else { return }
        state.lag = lag
        lag.resetLongest()
        if events.post(.fleet(state)) != .posted { core.countDroppedReport() }
        let effort = now.duration(to: .now)
        nextWatch = now.advanced(by: max(Self.watchInterval, effort * Self.watchShare))
    }

    /// What came in since the last turn is measured together, so that it is put into few tasks.
    private func execute(_ commands: [Hub.Command]) {
        var work: [QueuedWork] = []
        for command in commands {
            if case .measure(let some) = command { work += some } else { execute(command) }
        }
        if !work.isEmpty { core.measure(work, now: .now) }
    }

    /// Leaves a place for the last ones.
    private func handOutOutcomes() {
        guard !waitingOutcomes.isEmpty else { return }
        if finished.post(waitingOutcomes, leaving: 1) == .posted { waitingOutcomes.removeAll() }
    }

    /// Whatever ends the hub, what is measured is kept.
    private func handOutLastOutcomes() {
        core.handOutOutcomes()
        for case .outcomes(let crystals) in core.takeEffects() { waitingOutcomes += crystals }
        guard !waitingOutcomes.isEmpty else { return }
        finished.post(waitingOutcomes, bounded: "the last outcomes are handed out once")
    }

    private func handOutWork() {
        guard !waitingWork.isEmpty else { return }
        if outputs.post(.measured(waitingWork), leaving: Self.reservedOutputs) == .posted { waitingWork.removeAll() }
    }

    private func execute(_ command: Hub.Command) {
        switch command {
        case .measure(let work): core.measure(work, now: .now)
        case .begin(let version, let policy, let reference, let known, let gathering, let restored):
            core.begin(
                version: version, policy: policy, reference: reference, known: known, resuming: gathering,
                restored: restored, now: .now)
        case .allow(let list):
            allowed = list
            holders.removeAll()
            gate.demote(core.replaceAllowList(by: list, now: .now), now: .now)
        case .warn(let text): core.warn(text)
        case .refuse(let peer, let reason): core.refusePeers(named: peer, reason: reason, now: .now)
        case .finish(let reason):
            core.finish(reason)
            life = .draining(until: Moment.now.advanced(by: configuration.timing.drain))
        case .stop: life = .over
        }
    }

    /// Lets in whoever is on the allow-list.
    private func openDoor() throws {
        for decision in try door?.answer(by: allowed) ?? [] {
            switch decision {
            case .admitted: continue
            case .malformed: core.reject("malformed-authentication", detail: "the library asked what makes no sense")
            case .denied(let key, let address):
                core.count(rejected: "unknown-key")
                guard deniedKeys.count < Self.deniedKeyLimit, deniedKeys.insert(key).inserted else { continue }
                let rest = deniedKeys.count == Self.deniedKeyLimit ? "; further ones are only counted" : ""
                core.warn("the key \(key.start)... from \(address) is not on the allow-list: not let in\(rest)")
            }
        }
        try perform()
    }

    /// Takes note of connections, and cuts those that are too many at once: each takes a descriptor.
    private func takeConnections() throws {
        var isCrowded = false
        for change in try monitor.takeChanges() {
            switch change {
            case .opened(let descriptor):
                gate.open(descriptor, now: .now)
                isCrowded = true
            case .closed(let descriptor):
                gate.close(descriptor)
                // The system closes what a killed process leaves, so that it is missed at once.
                if let routing = routings.removeValue(forKey: descriptor) { core.undeliverable(to: routing) }
            case .refused(let code):
                isCrowded = true
                guard !isRefusing else { continue }
                isRefusing = true
                core.warn("a connection could not be taken (\(String(cString: strerror(code)))): raise `ulimit -n`")
            case .failed(let failure): note(failure)
            case .agreed: continue
            }
        }
        if isCrowded { cutExcess() }
    }

    private func holder(_ text: String) -> KeyHolder? {
        if let known = holders[text] { return known }
        let holder = KeyHolder(text: text)
        holders[text] = holder
        return holder
    }

    private func note(_ failure: ConnectionMonitor.HandshakeFailure) {
        switch failure {
        // Counted where it is decided; anybody may go away.
        case .notAllowed, .brokenOff: return
        case .mechanism:
            let detail =
                configuration.credentials == nil
                ? "a peer has keys, and this learner has none (--keys)" : "a peer has no keys (--keys)"
            core.reject("handshake-mechanism", detail: detail)
        case .key: core.reject("handshake-key", detail: "a peer takes this learner for another one (its learner.pub)")
        case .malformed: core.reject("handshake", detail: "what a connection sent is not the protocol")
        }
    }

    private func cutExcess() {
        lastLook = .now
        let excess = gate.takeExcess(now: .now)
        guard !excess.isEmpty else { return }
        for descriptor in excess { ConnectionMonitor.cut(descriptor) }
        if cutCount == 0 {
            core.warn(
                "connections that did not log in in time, or were too many, are cut (\(excess.count) now, further ones "
                    + "in silence)")
        }
        cutCount += excess.count
    }

    private func takeMessages() throws {
        for _ in 0..<Self.messagesPerTurn {
            guard var frames = try router.receive() else { return }
            // The router puts the connection's routing id in front.
            let routing = RoutingID(bytes: frames.removeFirst())
            if frames.count == 1 {
                let holder = router.user.flatMap(holder)
                core.receive(frames[0], from: routing, of: holder, now: .now)
                if let source = router.source, core.isPeer(routing) {
                    gate.recognise(source, of: holder)
                    if routings[source] != routing { routings[source] = routing }
                }
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
                switch try router.send(message.encode(as: OutgoingFrame.self), to: routing.bytes) {
                case .sent: break
                case .full: core.congested(message, to: routing)
                case .unreachable: core.undeliverable(to: routing)
                }
            } catch let error as OversizedMessage {
                core.unsendable(message, to: routing, detail: "\(error)", now: .now)
            }
        case .event(let event):
            if events.post(event) != .posted { core.countDroppedReport() }
        case .outcomes(let crystals):
            waitingOutcomes += crystals
            handOutOutcomes()
        case .measured(let work): waitingWork += work
        case .batch(let batch):
            // It brings its own along.
            let taken = waitingOutcomes.isEmpty ? [] : Set(batch.crystals.map(\.sampled.id))
            waitingOutcomes.removeAll { taken.contains($0.sampled.id) }
            outputs.post(.batch(batch), bounded: "the next version begins when the batch was taken")
        case .abort(let error): outputs.post(.aborted(error), bounded: "a run is aborted once")
        }
    }
}
