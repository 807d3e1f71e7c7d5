import Base
import Coordination
import FleetFixtures
import Protocol
import Testing
import Trajectories

/// What the energies of an engine are is bound by the first worker that brings it.
@Suite struct EngineConventionTests {
    private let now = Toys.begin
    private var hub: HubCore

    init() throws { hub = try Self.hub() }

    private static func hub(_ conventions: [String: String] = [:]) throws -> HubCore {
        var configuration = try Toys.configuration()
        configuration.recipes = [MeasuringRecipe(settings: "{}", broughtEngine: "external mace")]
        configuration.conventions = conventions
        return HubCore(configuration: configuration, generator: SeededGenerator(seed: 1))
    }

    /// Logs a worker in that brings an engine; why it is turned away, and what the learner is told.
    private mutating func join(
        _ place: UInt8, _ engine: BroughtEngine?
    ) throws -> (refusal: Refusal?, bound: [BroughtEngine]) {
        let routing = RoutingID(bytes: [place])
        let hello = PeerMessage.hello(
            Hello(peer: Toys.peer(.rewardWorker, process: Int(place)), instance: UInt64(place)))
        hub.receive(try hello.encode(session: 0), from: routing, now: now)
        var session: UInt64 = 0
        for case .send(.welcome(let welcome), routing) in hub.takeEffects() { session = welcome.session }
        var readiness = Readiness(window: 2)
        readiness.engine = engine
        hub.receive(try PeerMessage.heartbeat(readiness).encode(session: session), from: routing, now: now)
        var (refusal, bound): (Refusal?, [BroughtEngine]) = (nil, [])
        for effect in hub.takeEffects() {
            switch effect {
            case .send(.refusal(let found), routing): refusal = found
            case .event(.engineBound(let engine)): bound.append(engine)
            default: break
            }
        }
        return (refusal, bound)
    }

    @Test mutating func worker_withAnotherConventionThanTheFirst_isTurnedAwayWithTheReason() throws {
        let first = BroughtEngine(name: "mace", convention: "raw-pbe")
        #expect(try join(1, first).bound == [first])
        let same = try join(2, first)
        #expect(same.refusal == nil && same.bound.isEmpty)
        let other = try join(3, BroughtEngine(name: "mace", convention: "mp2020-corrected"))
        let reason = try #require(other.refusal).reason
        #expect(reason.contains("its engine mace gives energies of the convention mp2020-corrected"), "\(reason)")
        #expect(reason.contains("--energy-convention raw-pbe") && !reason.contains("\n"))
        #expect(hub.peerCount == 2 && hub.counters.refusedPeers == 1)
        // A worker without an engine of its own is no matter of this.
        #expect(try join(4, nil).refusal == nil)
    }

    /// What an earlier life of the learner was measured by holds.
    @Test mutating func worker_afterAResume_isHeldAgainstTheConventionOfBefore() throws {
        hub = try Self.hub(["mace": "raw-pbe"])
        let other = try join(1, BroughtEngine(name: "mace", convention: "own-hull-only"))
        #expect(other.refusal != nil && other.bound.isEmpty)
        #expect(try join(2, BroughtEngine(name: "mace", convention: "raw-pbe")).refusal == nil)
    }

    /// Nobody fills the memory with engines that no recipe names.
    @Test mutating func engine_thatNoRecipeNames_isNotBound() throws {
        #expect(try join(1, BroughtEngine(name: "other", convention: "raw-pbe")).bound.isEmpty)
    }
}
