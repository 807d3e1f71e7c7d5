package import Base
package import Protocol
package import Trajectories

/// What the state of a peer wants done by its I/O thread.
package enum PeerEffect: Sendable {
    /// Drop the connection and make a new one, with a new socket, to one of these places: the next in turn.
    case connect([Endpoint])
    case send(PeerMessage, session: UInt64)
    /// Ask the relay for something; it has no sessions.
    case askRelay(PeerMessage)
    case log(String)
    /// The role is over.
    case leave(Result<PeerLeave, RoleError>)
}

/// A peer's login at the hub: hello, heartbeats, silence, and trying again.
///
/// A connection that failed is never used again: a new socket has a new routing id at the hub. Waits double from
/// `firstWait` to `longestWait`, with jitter, so that a thousand peers do not come back at once.
package struct HubLink: Sendable {
    static let firstWait = Duration.milliseconds(200)
    static let longestWait = Duration.seconds(8)

    private enum State: Sendable {
        case idle
        /// Nobody has said yet where the learner is.
        case seeking
        case greeting(since: Moment)
        case joined(Welcome, lastHeard: Moment)
        case waiting(until: Moment)
        case over
    }

    /// What a message was to the link.
    package enum Reception: Sendable {
        /// It is the link's own business.
        case handled
        case joined(Welcome)
        case shutdown(String)
        /// It is for the role.
        case message(HubMessage)
    }

    private let configuration: PeerConfiguration
    private let hello: Hello
    private var generator: any RandomNumberGenerator & Sendable
    private var state = State.idle
    /// Where the learner is, as far as is known.
    private var place: LearnerPlace?
    /// Why the endpoint file does not say.
    private var fileProblem: EndpointFileProblem?
    private var failures = 0
    private var lastJoined: Moment?
    private var nextComplaint: Moment?
    /// What kept the newest connections from a login; nil if nothing is known.
    private var obstacle: LoginObstacle?
    package private(set) var logins = 0
    private var effects: [PeerEffect] = []

    package init(
        configuration: PeerConfiguration, role: PeerRole, generator: any RandomNumberGenerator & Sendable
    ) {
        self.configuration = configuration
        self.generator = generator
        place = configuration.endpoint.map { LearnerPlace($0) }
        var peer = PeerDescription(
            role: role, host: configuration.host, process: configuration.process, build: configuration.build,
            threads: configuration.threads, title: configuration.title)
        peer.metrics = configuration.metrics
        peer.kernels = configuration.kernels
        hello = Hello(peer: peer, instance: self.generator.next())
    }

    /// The login in force; nil while there is none.
    package var welcome: Welcome? {
        guard case .joined(let welcome, _) = state else { return nil }
        return welcome
    }

    package mutating func takeEffects() -> [PeerEffect] {
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    /// Begins to connect.
    package mutating func start(now: Moment) {
        lastJoined = now
        if place == nil { state = .seeking } else { greet(freshSocket: true, now: now) }
    }

    /// Takes in what the endpoint file says: where the learner is, at another place or in another life than before, or
    /// why that is not known.
    package mutating func follow(_ sight: Result<LearnerPlace, EndpointFileProblem>, now: Moment) {
        switch sight {
        case .failure(let problem): fileProblem = problem
        case .success(let found):
            fileProblem = nil
            guard found != place else { return }
            obstacle = nil
            let isMove = place != nil
            place = found
            switch state {
            case .idle, .over: return
            case .seeking, .greeting, .joined, .waiting:
                if isMove { effects.append(.log("the learner is at \(placeName) now")) }
                failures = 0
                greet(freshSocket: true, now: now)
            }
        }
    }

    private var placeName: String { place?.endpoints.first.map { "\($0)" } ?? "no place yet" }

    /// Sends a message, if logged in.
    @discardableResult
    package mutating func send(_ message: PeerMessage) -> Bool {
        guard let welcome else { return false }
        effects.append(.send(message, session: welcome.session))
        return true
    }

    mutating func askRelay(_ message: PeerMessage) { effects.append(.askRelay(message)) }

    package mutating func log(_ text: String) {
        if case .over = state { return }
        effects.append(.log(text))
    }

    /// Ends the link: nothing is sent after this.
    package mutating func leave(_ outcome: Result<PeerLeave, RoleError>) {
        if case .over = state { return }
        state = .over
        effects.append(.leave(outcome))
    }

    package mutating func receive(_ message: HubMessage, now: Moment) -> Reception {
        if case .joined(let welcome, _) = state { state = .joined(welcome, lastHeard: now) }
        switch (message, state) {
        case (_, .over), (_, .idle), (_, .seeking), (_, .waiting): return .handled
        case (.shutdown(let reason), _): return .shutdown(reason)
        case (.welcome(let welcome), .greeting) where place?.run.map { $0 != welcome.run } ?? false:
            leaveStranger(welcome, now: now)
            return .handled
        case (.welcome(let welcome), .greeting):
            state = .joined(welcome, lastHeard: now)
            failures = 0
            obstacle = nil
            logins += 1
            effects.append(.log("logged in at \(placeName), run \(welcome.run)"))
            return .joined(welcome)
        case (.welcome, _): return .handled
        case (.refusal(let refusal), _):
            refused(refusal, now: now)
            return .handled
        case (_, .joined): return .message(message)
        case (_, .greeting): return .handled
        }
    }

    /// Leaves the learner of another run, which listens where the endpoint file says that ours does.
    private mutating func leaveStranger(_ welcome: Welcome, now: Moment) {
        effects.append(.send(.goodbye("it looks for another run"), session: welcome.session))
        if failures == 0 {
            effects.append(
                .log(
                    "the learner at \(placeName) is of the run \(welcome.run), not of \(place?.run ?? "") as "
                        + "\(configuration.endpointFile ?? "the file") says: looking on"))
        }
        retreat(now: now, isQuiet: true)
    }

    /// A connection came to nothing, for a reason that it shows; told whenever it is another one.
    package mutating func note(_ obstacle: LoginObstacle) {
        guard case .greeting = state, obstacle != self.obstacle else { return }
        // A learner that goes away in the middle says less than what was seen before.
        if obstacle == .brokenOff, self.obstacle != nil { return }
        self.obstacle = obstacle
        // What is broken off once may be a learner that has just ended: it is told with the silence.
        guard obstacle != .brokenOff else { return }
        effects.append(.log("the learner at \(placeName): \(text(obstacle))"))
    }

    private func text(_ obstacle: LoginObstacle) -> String { obstacle.text(configuration) }

    private mutating func refused(_ refusal: Refusal, now: Moment) {
        switch refusal.code {
        case .protocolVersion, .hello, .distrusted:
            leave(.failure(.refused(refusal.reason)))
        case .unknownSession:
            // In answer to what was said under an old session; the hello is already under way then.
            guard case .joined = state else { return }
            effects.append(.log("the learner does not know this login (any more): logging in again"))
            greet(freshSocket: false, now: now)
        case .full:
            effects.append(.log("the learner is full: \(refusal.reason)"))
            retreat(now: now)
        }
    }

    /// Does what is due.
    package mutating func tick(now: Moment) {
        switch state {
        case .idle, .over: return
        case .seeking: break
        case .greeting(let since):
            if since.duration(to: now) > configuration.loginDeadline { retreat(now: now) }
        case .joined(let welcome, let lastHeard):
            lastJoined = now
            nextComplaint = nil
            if lastHeard.duration(to: now) > welcome.liveness {
                effects.append(.log("the learner has been silent for \(welcome.liveness.milliseconds / 1000) s"))
                retreat(now: now)
            }
        case .waiting(let until):
            if until <= now { greet(freshSocket: true, now: now) }
        }
        complain(now: now)
        if let patience = configuration.patience, let lastJoined, lastJoined.duration(to: now) > patience {
            switch (obstacle, place?.endpoints.first) {
            case (let obstacle?, let endpoint?): leave(.failure(.notLetIn(endpoint, text(obstacle))))
            case (nil, let endpoint?): leave(.failure(.noHub(endpoint, patience)))
            case (_, nil): leave(.failure(.noPlace(file: configuration.endpointFile ?? "", patience)))
            }
        }
    }

    /// Says for whom it waits, after a while and then from time to time.
    private mutating func complain(now: Moment) {
        guard let lastJoined, lastJoined.duration(to: now) >= WaitingWatch.first else { return }
        if case .joined = state { return }
        guard nextComplaint.map({ now >= $0 }) ?? true else { return }
        nextComplaint = now.advanced(by: WaitingWatch.interval)
        let waited = lastJoined.duration(to: now).milliseconds / 1000
        let left = configuration.patience.map { "; giving up after \($0.milliseconds / 1000) s" } ?? ""
        if case .seeking = state {
            let reason = fileProblem.map { "\($0)" } ?? "it was not looked into yet"
            effects.append(
                .log(
                    "waiting for \(configuration.endpointFile ?? "a place"), in which a learner says where it listens: "
                        + "\(reason) (after \(waited) s\(left))"))
            return
        }
        let file = configuration.endpointFile.map { " (\($0))" } ?? ""
        let what =
            obstacle.map { "has not let this process in for \(waited) s: \(text($0))" }
            ?? "has not answered for \(waited) s"
        effects.append(.log("the learner at \(placeName)\(file) \(what)\(left)"))
    }

    private mutating func greet(freshSocket: Bool, now: Moment) {
        state = .greeting(since: now)
        if freshSocket { effects.append(.connect(place?.endpoints ?? [])) }
        effects.append(.send(.hello(hello), session: 0))
    }

    private mutating func retreat(now: Moment, isQuiet: Bool = false) {
        if failures == 0, let obstacle {
            let what = "not let in by the learner at \(placeName): \(text(obstacle))"
            effects.append(.log("\(what); trying again until it is"))
        } else if failures == 0, !isQuiet {
            effects.append(.log("no learner at \(placeName); trying again until there is"))
        }
        let wait = min(Self.longestWait, Self.firstWait * (1 << min(failures, 10)))
        failures += 1
        let jitter = Double.random(in: 0.75...1.25, using: &generator)
        state = .waiting(until: now.advanced(by: wait * jitter))
    }
}
