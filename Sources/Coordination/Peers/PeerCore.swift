package import Base
package import Protocol
package import Trajectories

/// All of a peer but its socket and its threads: what it knows, and what it answers.
///
/// It never waits: each call takes a message, the output of a job, or the time, and leaves effects and jobs behind. The
/// session is the same for every role; the role's own part is its work.
package struct PeerCore<Work: PeerWork>: Sendable {
    private var session: PeerSession
    private var work: Work
    private var jobs: [Work.Job] = []
    private var waiting = PeerWaiting()

    /// - Parameter children: tells of the processes that belong to the peer, for reports.
    package init(
        _ work: Work, configuration: PeerConfiguration, generator: any RandomNumberGenerator & Sendable,
        children: @escaping @Sendable () -> ChildReport = { ChildReport() }
    ) {
        self.work = work
        session = PeerSession(
            configuration: configuration, role: Work.role, generator: generator, children: children)
    }

    package mutating func takeEffects() -> [PeerEffect] { session.takeEffects() }

    package mutating func takeJobs() -> [Work.Job] {
        defer { jobs.removeAll() }
        return jobs
    }

    package mutating func start(now: Moment) { session.start(now: now) }

    /// Takes in what the endpoint file says.
    package mutating func follow(_ sight: Result<LearnerPlace, EndpointFileProblem>, now: Moment) {
        session.follow(sight, now: now)
    }

    package mutating func receive(_ message: HubMessage, now: Moment) {
        switch session.receive(message, now: now) {
        case .handled: break
        case .joined(let welcome):
            waiting.reset()
            work.joined(welcome, &session)
        case .message(let message): work.receive(message, &session)
        }
        advance(now: now)
    }

    /// Takes in what the relay sends.
    package mutating func receiveFromRelay(_ message: HubMessage, now: Moment) {
        session.receiveFromRelay(message, now: now)
        advance(now: now)
    }

    /// Takes in what became of the connection to the relay.
    package mutating func note(_ change: RelayChange, now: Moment) {
        session.note(change)
        advance(now: now)
    }

    package mutating func finished(_ output: Work.Output, now: Moment) {
        work.finished(output, &session)
        advance(now: now)
    }

    /// Does what is due; called at least every heartbeat.
    package mutating func tick(now: Moment) {
        session.tick(now: now)
        advance(now: now)
        // Without a login it waits for the learner, which the link tells.
        guard session.welcome != nil else { return }
        let wait = session.isLeaving ? session.waitToLeave(work.load, now: now) : work.wait(session)
        if let text = waiting.check(wait, now: now) { session.log(text) }
    }

    /// What it has done so far, for its metrics.
    package func figures(now: Moment) -> PeerFigures { session.figures(work.load, role: Work.role, now: now) }

    /// A connection came to nothing.
    package mutating func note(_ obstacle: LoginObstacle) { session.note(obstacle) }

    /// Begins to leave: finishes or gives back the work in hand.
    package mutating func stop(now: Moment) {
        guard session.beginLeaving(now: now) else { return }
        work.giveBack(&session)
        advance(now: now)
    }

    /// Starts whatever can start, and says whatever is due.
    private mutating func advance(now: Moment) {
        if session.welcome != nil {
            if !session.isLeaving { jobs += work.takeJobs(&session, now: now) }
            for result in work.dueResults(now: now) { session.send(result) }
            session.speak(work.readiness(threads: session.configuration.threads), work.load, now: now)
        }
        session.leaveIfDone(work.load, now: now)
    }
}
