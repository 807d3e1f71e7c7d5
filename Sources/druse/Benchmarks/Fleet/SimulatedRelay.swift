import Base
import Coordination
import Protocol
import Trajectories

/// A relay of a simulated fleet: its login at the hub and what serves its actors, as they are.
///
/// It hands a version on when all of it is here: versions are one piece.
struct SimulatedRelay {
    var client: RelayClientCore
    var core = RelayCore(capacity: 1 << 30)
    /// When what it sent of weights before is through, simulated seconds.
    var lineFree = 0.0
    private let deliveries = Mailbox<RelayWork.Delivery>(capacity: 256)

    init(_ configuration: PeerConfiguration, generator: any RandomNumberGenerator & Sendable) {
        let deliveries = deliveries
        client = RelayClientCore(
            RelayWork { deliveries.post($0) == .posted }, configuration: configuration, generator: generator)
    }

    mutating func tick(now: Moment) {
        client.tick(now: now)
        core.tick(now: now)
    }

    /// Hands on what came from the learner, and asks it for what is wanted, until nothing more follows.
    ///
    /// - Returns: what its actors are sent.
    mutating func settle(now: Moment) -> [(message: HubMessage, to: RoutingID)] {
        var sent: [(message: HubMessage, to: RoutingID)] = []
        while true {
            for delivery in deliveries.takeAll() { core.take(delivery) }
            let effects = core.takeEffects()
            guard !effects.isEmpty else { return sent }
            for effect in effects {
                switch effect {
                case .send(let message, let routing): sent.append((message, routing))
                case .tell(let wish): client.finished(wish, now: now)
                }
            }
        }
    }
}
