import Base
import Protocol
import Trajectories

// Engines that reward workers bring: what one measures has to mean the same whoever measures.
extension HubCore {
    /// Binds an engine's name to the energy convention of the first worker that brings it, and turns away a worker
    /// whose engine of that name has another one.
    ///
    /// - Returns: whether the peer is still there.
    mutating func bindEngine(of readiness: Readiness, from peer: Peer, now: Moment) -> Bool {
        guard peer.description.role == .rewardWorker, let engine = readiness.engine,
            configuration.recipes.contains(where: { $0.broughtEngine?.hasSuffix(" \(engine.name)") ?? false })
        else { return true }
        guard let bound = conventions[engine.name] else {
            conventions[engine.name] = engine.convention
            emit(.event(.engineBound(engine)))
            return true
        }
        guard bound != engine.convention else { return true }
        refuse(
            peer,
            "its engine \(engine.name) gives energies of the convention \(engine.convention), and this run measures by "
                + "\(bound), that of the first worker with this engine: start it with --energy-convention \(bound) or "
                + "as the others, or begin a new run",
            now: now)
        return false
    }
}
