internal import Base
package import Coordination
package import Foundation
package import Monitoring
package import Trajectories

/// How fast the peers of a run are, one by one and all together, from what is seen of them about once a second.
package struct FleetRates: Sendable {
    private var begin: Moment?
    private var members: [SessionID: RateWindow] = [:]
    private var sampled = RateWindow()
    private var measured = RateWindow()
    private var times: [PeerRole: (seconds: RateWindow, busy: RateWindow)] = [:]

    package init() {}

    /// - Complexity: O(n) in peers.
    package mutating func look(at fleet: FleetState) {
        let begin = begin ?? fleet.moment
        self.begin = begin
        let time = begin.duration(to: fleet.moment).seconds
        var current: [SessionID: RateWindow] = [:]
        current.reserveCapacity(fleet.members.count)
        for member in fleet.members {
            var window = members.removeValue(forKey: member.session) ?? RateWindow()
            window.note(Double(member.delivered), at: time)
            current[member.session] = window
        }
        members = current
        sampled.note(Double(fleet.report.counters.crystalsSampled), at: time)
        measured.note(Double(fleet.report.counters.crystalsFinished), at: time)
        for (role, total) in fleet.roleTimes {
            var windows = times[role] ?? (RateWindow(), RateWindow())
            windows.seconds.note(total.seconds, at: time)
            windows.busy.note(total.busySeconds, at: time)
            times[role] = windows
        }
    }

    /// Crystals a second of all; none is trained here.
    package var rates: RunStatus.Rates {
        var rates = RunStatus.Rates()
        (rates.sampled, rates.measured) = (sampled.rate, measured.rate)
        return rates
    }

    /// The share of the threads' time of a role's peers that was not spent on crystals; nil where none has reported.
    package func idleShare(of role: PeerRole) -> Double? {
        guard let windows = times[role] else { return nil }
        let seconds = windows.seconds.rate(over: RateWindow.longest)
        guard seconds > 0 else { return nil }
        return min(1, max(0, 1 - windows.busy.rate(over: RateWindow.longest) / seconds))
    }

    /// The row of a peer in the table.
    ///
    /// - Parameter newest: the version that is sampled.
    package func row(of member: FleetState.Member, date: Date, newest: PolicyVersion) -> RunStatus.Peer {
        let description = member.description
        var peer = RunStatus.Peer(
            name: description.name, role: description.role.rawValue, host: description.host,
            process: description.process, threads: description.threads,
            since: date.addingTimeInterval(-member.loginSeconds),
            activity: .init(member.activity), activitySeconds: member.activitySeconds,
            silentSeconds: member.silentSeconds)
        peer.build = description.build
        peer.metrics = description.metrics.isEmpty ? nil : description.metrics
        peer.waitsFor = member.waitsFor
        (peer.held, peer.window, peer.heldCrystals) = (member.held, member.window, member.heldCrystals)
        peer.heldSeconds = member.heldSeconds
        peer.crystals = member.delivered
        peer.rates = members[member.session]?.rate ?? .init()
        // Of weights that the hub has forgotten the actor itself says which they are.
        let reported = description.role == .actor ? member.report?.version.number : nil
        peer.version = member.version?.number ?? reported
        peer.staleness = peer.version.map { max(0, newest.number - $0) }
        guard let report = member.report else { return peer }
        let time = report.intervalSeconds * Double(max(1, description.threads))
        if time > 0, report.busySeconds.isFinite { peer.idleShare = min(1, max(0, 1 - report.busySeconds / time)) }
        peer.residentBytes = report.residentBytes
        peer.engine = report.engine.isEmpty ? nil : report.engine
        peer.logins = report.logins
        return peer
    }
}

extension RunStatus.PeerActivity {
    fileprivate init(_ activity: FleetState.Activity) {
        self =
            switch activity {
            case .loading: .loading
            case .working: .working
            case .idle: .idle
            case .leaving: .leaving
            case .silent: .silent
            }
    }
}
