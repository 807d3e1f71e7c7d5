/// The hub's deadlines.
package struct HubTiming: Sendable, Hashable {
    /// Peers say something this often.
    package var heartbeat: Duration = .seconds(1)
    /// A peer silent this long is lost.
    package var liveness: Duration = .seconds(10)
    /// A unit not sampled in this time, or in less once it is known how long units take, goes to another actor as well.
    package var unitLease: Duration = .seconds(300)
    /// A task not scored in this time, or in less once it is known how long tasks take, goes to another worker as well.
    package var taskLease: Duration = .seconds(120)
    /// How often the hub reports to the observer.
    package var report: Duration = .seconds(5)
    /// How long the end of a run waits for peers to leave.
    package var drain: Duration = .seconds(10)
    /// How long the version in hand may still take when the learner is asked to stop.
    package var grace: Duration = .seconds(60)

    package init() {}

    var problems: [String] {
        var problems: [String] = []
        if heartbeat < .milliseconds(10) { problems.append("the heartbeat must be at least 10 ms") }
        if liveness < heartbeat * 3 { problems.append("the liveness must be at least three heartbeats") }
        if unitLease <= .zero || taskLease <= .zero { problems.append("leases must be longer than nothing") }
        return problems
    }
}
