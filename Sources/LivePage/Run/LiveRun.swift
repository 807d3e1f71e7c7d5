/// What a learner of this process knows of its run at this moment; nil if it does not know yet.
package typealias LiveRun = @Sendable () -> LiveMoment?

/// What a learner knows beyond what it has written down.
package struct LiveMoment: Sendable {
    /// What holds the run up.
    var advice: RunAdvice?
    /// Its peers.
    var peers: [FleetTable.Peer]?
}
