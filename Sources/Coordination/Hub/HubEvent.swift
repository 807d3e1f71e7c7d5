package import Protocol
package import Trajectories

/// What the hub tells the learner beside complete batches.
package enum HubEvent: Sendable {
    case peerJoined(PeerDescription)
    case peerLeft(PeerDescription, PeerDeparture)
    case roleReport(RoleReport, PeerDescription)
    case hubReport(HubReport)
    /// The first worker with an engine of its name is here: its convention is the run's from now on.
    case engineBound(BroughtEngine)
    /// Who takes part and what everybody does; only where somebody wants to know.
    case fleet(FleetState)
    case problem(String)
}

/// What the hub's state wants done.
package enum HubEffect: Sendable {
    case send(HubMessage, to: RoutingID)
    case event(HubEvent)
    /// Crystals that got their outcomes and are not in a batch yet, at most once a second.
    case outcomes([ScoredCrystal])
    case batch(ScoredBatch)
    /// Other work than the run's that is measured.
    case measured([FinishedWork])
    /// A unit that nobody can sample: the run cannot go on.
    case abort(RoleError)
}
