internal import Base
internal import Trajectories

/// The time of all threads of a role's peers, as they reported it since the hub started.
package struct RoleTime: Sendable, Hashable {
    /// Seconds of the wall clock, summed over threads.
    package private(set) var seconds = 0.0
    /// Seconds of these that were spent on crystals.
    package private(set) var busySeconds = 0.0
    /// The same with crystals: sampled or measured.
    package private(set) var crystals = 0

    package init() {}

    /// Adds what a peer reported; numbers that cannot be are left out.
    mutating func add(_ report: RoleReport, threads: Int) {
        let time = report.intervalSeconds * Double(max(1, threads))
        guard time.isFinite, time > 0, report.busySeconds.isFinite, report.crystals >= 0 else { return }
        seconds += time
        busySeconds += min(time, max(0, report.busySeconds))
        crystals = crystals.addingClamped(report.crystals)
    }
}
