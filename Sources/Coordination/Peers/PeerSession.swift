internal import Base
internal import Protocol
internal import Trajectories

/// What all peers do alike at the hub: log in and again, say that they are alive and what they are ready for, pull
/// blobs, report, and leave when asked to, with the work in hand finished.
package struct PeerSession: Sendable {
    package let configuration: PeerConfiguration
    private var link: HubLink
    private var pulse: PeerPulse
    private var pull: BlobPull?
    private var relay: RelayUse
    private var leavingBy: Moment?
    private let children: @Sendable () -> ChildReport

    /// - Parameter children: tells of the processes that belong to the peer, for reports.
    init(
        configuration: PeerConfiguration, role: PeerRole, generator: any RandomNumberGenerator & Sendable,
        children: @escaping @Sendable () -> ChildReport
    ) {
        self.configuration = configuration
        self.children = children
        link = HubLink(configuration: configuration, role: role, generator: generator)
        pulse = PeerPulse(reportInterval: configuration.report, threads: configuration.threads)
        relay = RelayUse(configuration.relay)
    }

    /// The login in force; nil while there is none.
    var welcome: Welcome? { link.welcome }

    var isLeaving: Bool { leavingBy != nil }

    // MARK: - Saying

    /// Sends a message, if logged in.
    mutating func send(_ message: PeerMessage) { link.send(message) }

    mutating func log(_ text: String) { link.log(text) }

    /// Tells the learner why this peer cannot work, and ends.
    mutating func leave(_ problem: RoleError) {
        link.send(.goodbye("\(problem)"))
        link.leave(.failure(problem))
    }

    /// Notes work done, for the next report.
    mutating func worked(crystals: Int, seconds: Double) { pulse.worked(crystals: crystals, seconds: seconds) }

    // MARK: - Blobs

    /// Pulls a blob, in place of another that was being pulled.
    mutating func pull(_ digest: Digest) {
        if pull?.digest != digest { pull = BlobPull(digest: digest) }
    }

    /// How far the pull of a blob has come, in words; empty if there is none.
    var pullProgress: String { pull?.progress ?? "" }

    /// The blob that was pulled, once it is whole and checked; given out once.
    mutating func takeBlob() -> Blob? {
        guard let blob = pull?.blob else { return nil }
        pull = nil
        return blob
    }

    private mutating func receive(_ chunk: BlobChunk, from source: BlobSource, now: Moment) {
        switch pull?.receive(chunk, from: source) ?? .ignored {
        case .ignored: break
        case .taken: if source == .relay { relay.hasServed() }
        case .damaged(.learner): link.log("a piece of \(chunk.blob) was damaged; asking for it again")
        case .damaged(.relay):
            pull?.leaveRelay(isLiar: true)
            if let text = relay.hasLied(about: chunk.blob, now: now) { link.log(text) }
        }
    }

    // MARK: - The relay

    /// Takes in what became of the connection to the relay.
    mutating func note(_ change: RelayChange) {
        if change != .connected { pull?.leaveRelay() }
        if let text = relay.note(change) { link.log(text) }
    }

    /// Takes in a message of the relay: pieces of blobs, and nothing else counts.
    mutating func receiveFromRelay(_ message: HubMessage, now: Moment) {
        switch message {
        case .chunk(let chunk): receive(chunk, from: .relay, now: now)
        case .blobUnavailable(let digest, _):
            relay.lacks(digest)
            if pull?.digest == digest { pull?.leaveRelay() }
        case .refusal(let refusal):
            pull?.leaveRelay()
            if let text = relay.hasRefused(refusal.reason, now: now) { link.log(text) }
        default: break
        }
    }

    /// Asks for what is to be pulled, the learner or the relay.
    private mutating func askForBlob(now: Moment) {
        guard let digest = pull?.digest else { return }
        let source = relay.source(of: digest, now: now)
        if source == .learner { pull?.leaveRelay() }
        guard let requests = pull?.requests(from: source, relayPatience: relay.patience, now: now) else { return }
        for request in requests.toLearner { link.send(request) }
        for request in requests.toRelay { link.askRelay(request) }
        guard requests.isRelayLate, let text = relay.isLate(now: now) else { return }
        link.log(text)
        askForBlob(now: now)
    }

    // MARK: - For PeerCore

    /// What was done so far.
    func figures(_ load: PeerLoad, role: PeerRole, now: Moment) -> PeerFigures {
        var figures = PeerFigures(role: role, threads: configuration.threads, moment: now)
        figures.isLoggedIn = welcome != nil
        figures.logins = link.logins
        figures.crystals = pulse.totalCrystals
        figures.busySeconds = pulse.totalSeconds
        figures.workSeconds = pulse.workSeconds
        (figures.inFlight, figures.resent, figures.version) = (load.inFlight, load.resent, load.version)
        return figures
    }

    /// What a message was to the session.
    enum Reception {
        /// It is the session's own business.
        case handled
        case joined(Welcome)
        /// It is for the role.
        case message(HubMessage)
    }

    mutating func start(now: Moment) { link.start(now: now) }

    mutating func tick(now: Moment) { link.tick(now: now) }

    mutating func follow(_ sight: Result<LearnerPlace, EndpointFileProblem>, now: Moment) {
        link.follow(sight, now: now)
    }

    mutating func note(_ obstacle: LoginObstacle) { link.note(obstacle) }

    mutating func receive(_ message: HubMessage, now: Moment) -> Reception {
        switch link.receive(message, now: now) {
        case .handled: return .handled
        case .joined(let welcome):
            pull?.restart()
            pulse.reset()
            return .joined(welcome)
        case .shutdown(let reason):
            link.log("the learner ends the run: \(reason)")
            link.send(.goodbye("shutdown"))
            link.leave(.success(.dismissed))
            return .handled
        case .message(.manifest(let manifest)) where manifest.digest == pull?.digest:
            pull?.receive(manifest)
            return .handled
        case .message(.chunk(let chunk)) where chunk.blob == pull?.digest:
            receive(chunk, from: .learner, now: now)
            return .handled
        case .message(.blobUnavailable(let digest, let newest)):
            if pull?.digest == digest { pull = nil }
            return .message(.blobUnavailable(digest, newest: newest))
        case .message(let message): return .message(message)
        }
    }

    /// Begins to leave; false if it was begun before.
    mutating func beginLeaving(now: Moment) -> Bool {
        guard leavingBy == nil else { return false }
        leavingBy = now.advanced(by: configuration.drain)
        return true
    }

    /// Says what is due: requests for blobs, heartbeats, reports.
    mutating func speak(_ readiness: Readiness, _ load: PeerLoad, now: Moment) {
        guard let welcome else { return }
        askForBlob(now: now)
        let readiness = isLeaving ? Readiness(window: 0) : readiness
        if pulse.beats(readiness, every: welcome.heartbeat, now: now) { link.send(.heartbeat(readiness)) }
        if let report = pulse.report(load, logins: link.logins, now: now, children: children) {
            link.send(.report(report))
        }
    }

    /// Leaves if asked to, once the work in hand is delivered or the time to drain is over.
    mutating func leaveIfDone(_ load: PeerLoad, now: Moment) {
        guard let leavingBy else { return }
        let isDone = load.working == 0 && (load.unacknowledged == 0 || welcome == nil)
        guard isDone || now >= leavingBy else { return }
        if !isDone { link.log("leaving with work in hand: the time to drain is over") }
        link.send(.goodbye("stopped"))
        link.leave(.success(.stopped))
    }

    /// What a peer that leaves waits for.
    func waitToLeave(_ load: PeerLoad, now: Moment) -> PeerWait? {
        guard let leavingBy else { return nil }
        let left = max(0, now.duration(to: leavingBy).milliseconds / 1000)
        return PeerWait(
            what: load.working > 0 ? "the work in hand, to leave" : "the learner to take the last results, to leave",
            progress: "\(load.working) at work, \(load.unacknowledged) to be taken, for at most \(left) s more")
    }

    mutating func takeEffects() -> [PeerEffect] { link.takeEffects() }
}
