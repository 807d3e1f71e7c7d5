package import Base
package import Coordination
package import Trajectories

/// Several observers of a run, told in turn; what one throws the next do not hear.
package struct RunObservers: RunObserver {
    private let observers: [any RunObserver]

    /// - Parameter observers: Those whose records others rely on come first.
    package init(_ observers: [any RunObserver]) { self.observers = observers }

    package func hubStarted(_ endpoint: Endpoint) { for observer in observers { observer.hubStarted(endpoint) } }

    package func crystalsFinished(_ crystals: [ScoredCrystal]) throws {
        for observer in observers { try observer.crystalsFinished(crystals) }
    }

    package func batchCompleted(_ batch: ScoredBatch) throws {
        for observer in observers { try observer.batchCompleted(batch) }
    }

    package func stepTrained(_ report: StepReport) throws {
        for observer in observers { try observer.stepTrained(report) }
    }

    package func stepFinished(_ report: StepReport) { for observer in observers { observer.stepFinished(report) } }

    package func versionSaved(_ version: PolicyVersion) { for observer in observers { observer.versionSaved(version) } }

    package func roleReported(_ report: RoleReport, from peer: PeerDescription) {
        for observer in observers { observer.roleReported(report, from: peer) }
    }

    package func hubReported(_ report: HubReport) { for observer in observers { observer.hubReported(report) } }

    package func engineBound(_ engine: BroughtEngine) { for observer in observers { observer.engineBound(engine) } }

    package func fleetSeen(_ state: FleetState) { for observer in observers { observer.fleetSeen(state) } }

    package func peerJoined(_ peer: PeerDescription) { for observer in observers { observer.peerJoined(peer) } }

    package func peerLeft(_ peer: PeerDescription, reason: PeerDeparture) {
        for observer in observers { observer.peerLeft(peer, reason: reason) }
    }

    package func problem(_ text: String) { for observer in observers { observer.problem(text) } }
}
