package import Base
package import Trajectories

/// What a peer has done since its process started, and what it does: for its metrics.
package struct PeerFigures: Sendable, Hashable {
    package var role: PeerRole
    package var threads: Int
    package var isLoggedIn = false
    package var logins = 0
    package var crystals = 0
    /// Time of its threads that was spent on crystals, seconds.
    package var busySeconds = 0.0
    /// How long a thread took for a unit or a task.
    package var workSeconds = DurationHistogram.work
    /// Units or tasks that it holds.
    package var inFlight = 0
    package var resent = 0
    /// The newest policy version that it knows of.
    package var version: PolicyVersion = 0
    /// When it looked around last.
    package var moment: Moment

    package init(role: PeerRole, threads: Int, moment: Moment) {
        self.role = role
        self.threads = threads
        self.moment = moment
    }
}
