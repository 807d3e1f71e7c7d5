import Base
import Coordination
import HeapModule
import Protocol
import Trajectories

/// What is to happen in a simulated fleet, in the order of time; of one moment, in the order in which it was planned.
struct FleetEvents {
    enum Happening {
        /// A frame reaches the hub's queue.
        case frame([UInt8], from: RoutingID)
        /// The hub's thread is free for what waits longest.
        case hubTurn
        case hubTick
        /// A message reaches a peer.
        case message(HubMessage, peer: Int)
        /// A frame of an actor reaches its relay.
        case question([UInt8], actor: Int)
        /// A message of its relay reaches an actor.
        case answer(HubMessage, actor: Int)
        case peerTick(Int)
        case peerStart(Int)
        /// A thread of an actor or a worker is done.
        case sampled(UnitGrant, seconds: Double, actor: Int)
        case prepared(SamplingWork.Output, actor: Int)
        case measured(RewardTask, seconds: Double, worker: Int)
        case ready(MeasuringWork.Output, worker: Int)
        /// The learner made a step.
        case trained(Step)
    }

    private struct Event: Comparable {
        var seconds: Double
        var order: Int
        var happening: Happening

        static func < (left: Event, right: Event) -> Bool {
            (left.seconds, left.order) < (right.seconds, right.order)
        }

        static func == (left: Event, right: Event) -> Bool { left.order == right.order }
    }

    private var heap = Heap<Event>()
    private var planned = 0
    /// Simulated time, seconds.
    private(set) var now = 0.0

    /// Plans something, after some seconds from now.
    mutating func plan(_ happening: Happening, after seconds: Double) { plan(happening, at: now + seconds) }

    /// Plans something at a time, or now if that is past.
    mutating func plan(_ happening: Happening, at seconds: Double) {
        heap.insert(Event(seconds: max(now, seconds), order: planned, happening: happening))
        planned += 1
    }

    /// Goes on to what happens next; nil if nothing is planned.
    mutating func next() -> Happening? {
        guard let event = heap.popMin() else { return nil }
        now = event.seconds
        return event.happening
    }
}
