internal import Base
internal import Protocol
internal import Trajectories

/// When a peer says what: heartbeats, changes of readiness, reports.
struct PeerPulse: Sendable {
    private let reportInterval: Duration
    private let threads: Int
    private var lastBeat: Moment?
    private var lastReadiness: Readiness?
    private var lastReport: Moment?
    private var crystals = 0
    /// Time of threads that was spent on work and is in no report yet.
    private var busy = 0.0
    /// Of the process' life.
    private(set) var totalCrystals = 0
    private(set) var totalSeconds = 0.0
    private(set) var workSeconds = DurationHistogram.work

    /// - Parameter threads: what works; a report's time cannot hold more of it than theirs.
    init(reportInterval: Duration, threads: Int) {
        self.reportInterval = reportInterval
        self.threads = threads
    }

    /// Notes work done, for the next report.
    mutating func worked(crystals: Int, seconds: Double) {
        self.crystals += crystals
        busy += seconds
        totalCrystals += crystals
        totalSeconds += seconds
        workSeconds.note(seconds)
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
    /// Work is noted when it ends, and may have begun before the report before: what the time since then cannot hold is
    /// left for the next report, so that none tells of more work than there was time, and no work is lost.
    ///
    /// - Parameter children: tells of the processes that belong to the peer, asked when a report is due.
    mutating func report(
        _ load: PeerLoad, logins: Int, now: Moment, children: () -> ChildReport
    ) -> RoleReport? {
        guard let last = lastReport else {
            lastReport = now
            return nil
        }
        let interval = last.duration(to: now)
        guard interval >= reportInterval else { return nil }
        lastReport = now
        let told = min(busy, interval.seconds * Double(max(1, threads)))
        defer { (crystals, busy) = (0, busy - told) }
        let children = children()
        var report = RoleReport(
            intervalSeconds: interval.seconds, crystals: crystals, busySeconds: told,
            residentBytes: Int((ProcessMemory.residentMegabytes ?? 0) * 1e6) + children.residentBytes,
            version: load.version, inFlight: load.inFlight, logins: logins, resent: load.resent)
        report.engine = children.engine
        return report
    }
}
