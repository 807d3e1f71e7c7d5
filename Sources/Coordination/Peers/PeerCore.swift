package import Base
package import Protocol
internal import Trajectories

/// All of a peer role but its socket and its threads: what it knows, and what it answers.
///
/// It never waits: each call takes a message, the output of a job, or the time, and leaves effects and jobs behind.
package protocol PeerCore: Sendable {
    associatedtype Job: Sendable
    associatedtype Output: Sendable

    mutating func start(now: Moment)
    mutating func receive(_ message: HubMessage, now: Moment)
    mutating func finished(_ output: Output, now: Moment)
    /// Does what is due; called at least every heartbeat.
    mutating func tick(now: Moment)
    /// Begins to leave: finishes or gives back the work in hand.
    mutating func stop(now: Moment)
    mutating func takeEffects() -> [PeerEffect]
    mutating func takeJobs() -> [Job]
}

/// When a peer says what: heartbeats, changes of readiness, reports.
struct PeerPulse: Sendable {
    private let reportInterval: Duration
    private var lastBeat: Moment?
    private var lastReadiness: Readiness?
    private var lastReport: Moment?
    private var crystals = 0
    private var busy = 0.0

    init(reportInterval: Duration) {
        self.reportInterval = reportInterval
    }

    /// Notes work done, for the next report.
    mutating func worked(crystals: Int, seconds: Double) {
        self.crystals += crystals
        busy += seconds
    }

    /// Forgets what was said, after a new login.
    mutating func reset() {
        lastBeat = nil
        lastReadiness = nil
    }

    /// Whether a heartbeat is due, because of the time or because the readiness changed; if so it counts as sent.
    mutating func beats(_ readiness: Readiness, every interval: Duration, now: Moment) -> Bool {
        if let lastBeat, readiness == lastReadiness, lastBeat.duration(to: now) < interval { return false }
        lastBeat = now
        lastReadiness = readiness
        return true
    }

    /// The report, if one is due; it covers the time since the last.
    ///
    /// - Parameter childBytes: resident memory of the processes that belong to the peer, asked for when a report is
    ///   due.
    mutating func report(
        version: Int, inFlight: Int, logins: Int, resent: Int, now: Moment, childBytes: () -> Int = { 0 }
    ) -> RoleReport? {
        guard let last = lastReport else {
            lastReport = now
            return nil
        }
        let interval = last.duration(to: now)
        guard interval >= reportInterval else { return nil }
        lastReport = now
        defer { (crystals, busy) = (0, 0) }
        return RoleReport(
            intervalSeconds: Double(interval.components.seconds) + Double(interval.components.attoseconds) * 1e-18,
            crystals: crystals, busySeconds: busy,
            residentBytes: Int((ProcessMemory.residentMegabytes ?? 0) * 1e6) + childBytes(),
            version: version,
            inFlight: inFlight, logins: logins, resent: resent)
    }
}
