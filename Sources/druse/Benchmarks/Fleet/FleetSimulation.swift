import Base
import Coordination
import Crystals
import DequeModule
import Protocol
import Trajectories

/// A run of many actors and reward workers: the hub's and all peers' cores as they are, frames included, with simulated
/// time in place of sockets and threads. Sampling, measuring and training take the time that the model says.
///
/// Everything follows from the model and its seed, unless the hub's time is measured.
struct FleetSimulation {
    /// What waits for the hub's thread.
    private enum Inbound {
        case frame([UInt8], from: RoutingID, since: Double)
        case tick
        case begin(PolicyVersion)
    }

    /// The times in which things were at work, in seconds, and counts, from the start on.
    struct Tally {
        var seconds = 0.0
        var crystals = 0
        var hub = 0.0
        /// Of that, what the core took of this machine's processor.
        var core = 0.0
        var framesIn = 0
        var framesOut = 0
        var bytes = 0
        var training = 0.0
        var sampling = 0.0
        var measuring = 0.0
        var uplink = 0.0
        /// Of all relays' lines together.
        var relayLines = 0.0
    }

    /// What is due by time is looked at this often, as by the hub's loop.
    private static let hubTick = 0.005
    private static let peerTick = 0.5

    let model: FleetModel
    private(set) var hub: HubCore
    private(set) var tally = Tally()
    private(set) var stepsMade = 0
    /// Of frames from their coming to the last frame that answers them, in steps after the first.
    private(set) var hubDelays = LatencyHistogram()
    /// What the hub said that a person should read: the first few.
    private(set) var problems: [String] = []
    private var events = FleetEvents()
    private var actors: [ActorCore] = []
    private var workers: [RewardWorkerCore] = []
    private var relays: [SimulatedRelay] = []
    private var inbox = Deque<Inbound>()
    private var isHubBusy = false
    /// When what was sent of weights before is through.
    private var uplinkFree = 0.0
    private var generator: SplitMix
    private let crystals: [Crystal]
    private let reference = Blob([0])
    private let start = Moment.now

    /// - Throws: ``EndpointError``, never in fact.
    init(_ model: FleetModel, configuration: LearnerConfiguration) throws {
        self.model = model
        hub = HubCore(configuration: configuration, generator: SplitMix(seed: model.seed))
        generator = SplitMix(seed: model.seed &+ 1)
        crystals = BenchmarkCrystals.make(512, seed: model.seed)
        for index in 0..<model.actors + model.workers {
            let isActor = index < model.actors
            var peer = PeerConfiguration(
                endpoint: configuration.endpoint, build: "simulation", host: "host\(index / 8)", process: index)
            peer.threads = isActor ? model.actorThreads : model.workerThreads
            let own = SplitMix(seed: generator.next())
            if isActor {
                if model.relays > 0 {
                    peer.relay = RelayPlace(endpoint: configuration.endpoint)
                    // A version is one piece here, and takes as long as a version.
                    peer.relay?.patience = .seconds(1e6)
                }
                actors.append(ActorCore(SamplingWork(), configuration: peer, generator: own))
            } else {
                workers.append(RewardWorkerCore(MeasuringWork(), configuration: peer, generator: own))
            }
            // They do not beat in time.
            events.plan(.peerStart(index), at: Double.random(in: 0..<1, using: &generator))
        }
        for index in 0..<model.relays {
            let peer = PeerConfiguration(
                endpoint: configuration.endpoint, build: "simulation", host: "relay\(index)", process: index)
            relays.append(SimulatedRelay(peer, generator: SplitMix(seed: generator.next())))
            events.plan(.peerStart(firstRelay + index), at: 0)
        }
        inbox.append(.begin(0))
        wakeHub()
        events.plan(.hubTick, after: Self.hubTick)
    }

    /// Lets the run go on until so many steps are made; false if the simulated time is over before.
    mutating func run(untilStep steps: Int) throws -> Bool {
        while stepsMade < steps {
            guard events.now < model.secondsLimit, let happening = events.next() else { return false }
            tally.seconds = events.now
            try take(happening)
        }
        return true
    }

    private var moment: Moment { start.advanced(by: .seconds(events.now)) }

    private mutating func take(_ happening: FleetEvents.Happening) throws {
        switch happening {
        case .frame(let frame, let routing):
            inbox.append(.frame(frame, from: routing, since: events.now))
            wakeHub()
        case .hubTurn: try takeHubTurn()
        case .hubTick:
            // The loop looks at the time between messages.
            inbox.prepend(.tick)
            wakeHub()
            events.plan(.hubTick, after: Self.hubTick)
        case .message(let message, let peer):
            if peer < model.actors {
                actors[peer].receive(message, now: moment)
            } else if peer >= firstRelay {
                relays[peer - firstRelay].client.receive(message, now: moment)
            } else {
                workers[peer - model.actors].receive(message, now: moment)
            }
            try settle(peer)
        case .question(let frame, let actor):
            let relay = actor % model.relays
            _ = relays[relay].core.receive(frame, from: Self.routing(of: actor), now: moment)
            try settle(firstRelay + relay)
        case .answer(let message, let actor):
            actors[actor].receiveFromRelay(message, now: moment)
            try settle(actor)
        case .peerStart(let peer):
            if peer < model.actors {
                actors[peer].start(now: moment)
                if model.relays > 0 { actors[peer].note(.connected, now: moment) }
            } else if peer >= firstRelay {
                relays[peer - firstRelay].client.start(now: moment)
            } else {
                workers[peer - model.actors].start(now: moment)
            }
            try settle(peer)
            events.plan(.peerTick(peer), after: Self.peerTick)
        case .peerTick(let peer):
            if peer < model.actors {
                actors[peer].tick(now: moment)
            } else if peer >= firstRelay {
                relays[peer - firstRelay].tick(now: moment)
            } else {
                workers[peer - model.actors].tick(now: moment)
            }
            try settle(peer)
            events.plan(.peerTick(peer), after: Self.peerTick)
        case .prepared(let output, let actor): try finish(output, actor: actor)
        case .sampled(let grant, let seconds, let actor):
            let crystals = BenchmarkCrystals.sampled(
                grant.unit, from: crystals, crystalsPerUnit: model.crystalsPerUnit)
            try finish(.sampled(grant, crystals: crystals, problem: nil, seconds: seconds), actor: actor)
        case .ready(let output, let worker): try finish(output, worker: worker)
        case .measured(let task, let seconds, let worker):
            let each = seconds / Double(max(1, task.items.count))
            let results = BenchmarkCrystals.results(of: task.items, seconds: each)
            try finish(.measured(task, results, seconds: seconds), worker: worker)
        case .trained(let step):
            stepsMade = step.madeVersion.number
            tally.crystals += model.crystalsPerBatch
            if stepsMade == 1 { hubDelays = LatencyHistogram() }
            inbox.append(.begin(step.madeVersion))
            wakeHub()
        }
    }

    // MARK: - The hub

    private mutating func wakeHub() {
        guard !isHubBusy else { return }
        isHubBusy = true
        events.plan(.hubTurn, after: 0)
    }

    /// The hub takes what waits longest: it is at work until the answers are out.
    private mutating func takeHubTurn() throws {
        guard let item = inbox.popFirst() else {
            isHubBusy = false
            return
        }
        var (frames, bytes, since) = (0, 0, Double?.none)
        let begin = ThreadClock.seconds
        switch item {
        case .frame(let frame, let routing, let came):
            (frames, bytes, since) = (1, frame.count, came)
            hub.receive(frame, from: routing, now: moment)
        case .tick: hub.tick(now: moment)
        case .begin(let version):
            let policy = Blob((0..<8).map { UInt8(truncatingIfNeeded: version.number >> (8 * $0)) })
            hub.begin(version: version, policy: policy, reference: reference, now: moment)
        }
        var sent: [(message: HubMessage, routing: RoutingID)] = []
        var batch: ScoredBatch?
        for effect in hub.takeEffects() {
            switch effect {
            case .send(let message, let routing):
                bytes += try message.encode().count
                sent.append((message, routing))
            case .batch(let complete): batch = complete
            case .abort(let error): throw error
            case .event(.problem(let text)): if problems.count < 8 { problems.append(text) }
            case .event, .outcomes, .measured: break
            }
        }
        let core = ThreadClock.seconds - begin
        let chunks = sent.count { if case .chunk = $0.message { true } else { false } }
        let work =
            hubSeconds(core: core, frames: frames + sent.count, bytes: bytes)
            + Double(chunks) * model.weightBytes * model.weightSecondsPerByte
        tally.hub += work
        tally.core += core
        tally.framesIn += frames
        tally.framesOut += sent.count
        tally.bytes += bytes
        let done = events.now + work
        for (message, routing) in sent {
            var arrival = done + model.latencySeconds
            if case .chunk = message { arrival = sendWeights(from: done) + model.latencySeconds }
            events.plan(.message(message, peer: Self.index(of: routing)), at: arrival)
        }
        if let since { hubDelays.add(done - since) }
        if let batch { train(batch, from: done) }
        events.plan(.hubTurn, at: done)
    }

    private func hubSeconds(core: Double, frames: Int, bytes: Int) -> Double {
        switch model.hubCost {
        case .measured(let perFrame): core + Double(frames) * perFrame
        case .given(let perFrame, let perByte): Double(frames) * perFrame + Double(bytes) * perByte
        }
    }

    /// Weights go to one actor, or relay, after the other over one line; returns when these have left.
    private mutating func sendWeights(from ready: Double) -> Double {
        let seconds = model.weightBytes / model.bandwidth
        tally.uplink += seconds
        uplinkFree = max(uplinkFree, ready) + seconds
        return uplinkFree
    }

    private mutating func train(_ batch: ScoredBatch, from ready: Double) {
        let seconds = Double(batch.crystals.count) * model.trainSeconds + model.stepSeconds
        tally.training += seconds
        events.plan(.trained(batch.step), at: ready + seconds)
    }

    // MARK: - Peers

    private mutating func finish(_ output: SamplingWork.Output, actor: Int) throws {
        actors[actor].finished(output, now: moment)
        try settle(actor)
    }

    private mutating func finish(_ output: MeasuringWork.Output, worker: Int) throws {
        workers[worker].finished(output, now: moment)
        try settle(model.actors + worker)
    }

    /// Takes what a peer wants done: its jobs begin, its messages set out.
    private mutating func settle(_ peer: Int) throws {
        let effects: [PeerEffect]
        if peer >= firstRelay {
            for (message, routing) in relays[peer - firstRelay].settle(now: moment) {
                var arrival = events.now + model.latencySeconds
                if case .chunk = message { arrival += handOnWeights(by: peer - firstRelay) }
                events.plan(.answer(message, actor: Self.index(of: routing)), at: arrival)
            }
            effects = relays[peer - firstRelay].client.takeEffects()
        } else if peer < model.actors {
            for job in actors[peer].takeJobs() { begin(job, actor: peer) }
            effects = actors[peer].takeEffects()
        } else {
            let worker = peer - model.actors
            for job in workers[worker].takeJobs() { begin(job, worker: worker) }
            effects = workers[worker].takeEffects()
        }
        for effect in effects {
            switch effect {
            case .send(let message, let session):
                let frame: [UInt8] = try message.encode(session: session)
                events.plan(.frame(frame, from: Self.routing(of: peer)), after: model.latencySeconds)
            case .leave(.failure(let error)): throw error
            case .leave(.success): throw RoleError.work("a simulated peer left before the end")
            case .askRelay(let message):
                events.plan(
                    .question(try message.encode(session: 0), actor: peer), after: model.latencySeconds)
            case .connect, .log: break
            }
        }
    }

    /// The number of the first relay among the peers.
    private var firstRelay: Int { model.actors + model.workers }

    /// Weights go from a relay to one of its actors after the other; returns after how long these have left.
    private mutating func handOnWeights(by relay: Int) -> Double {
        let seconds = model.weightBytes / model.relayBandwidth
        tally.relayLines += seconds
        relays[relay].lineFree = max(relays[relay].lineFree, events.now) + seconds
        return relays[relay].lineFree - events.now
    }

    private mutating func begin(_ job: SamplingWork.Job, actor: Int) {
        switch job {
        case .prepare(let settings):
            events.plan(.prepared(.prepared(settings: settings, problem: nil), actor: actor), after: 0)
        case .load(_, _, let announcement):
            events.plan(.prepared(.loaded(announcement, problem: nil), actor: actor), after: model.loadSeconds)
        case .sample(let grant):
            let seconds = drawn(model.sampleSeconds * Double(grant.unit.crystalCount))
            tally.sampling += seconds
            events.plan(.sampled(grant, seconds: seconds, actor: actor), after: seconds)
        }
    }

    private mutating func begin(_ job: MeasuringWork.Job, worker: Int) {
        switch job {
        case .prepare(let recipes):
            events.plan(.ready(.prepared(recipes, usable: .success(recipes)), worker: worker), after: 0)
        case .prepareFurther(let recipes):
            events.plan(.ready(.preparedFurther(recipes, usable: recipes), worker: worker), after: 0)
        case .keep(let blob, _): events.plan(.ready(.kept(blob.digest), worker: worker), after: 0)
        case .measure(let task, _):
            let seconds = drawn(model.measureSeconds * Double(task.items.count))
            tally.measuring += seconds
            events.plan(.measured(task, seconds: seconds, worker: worker), after: seconds)
        }
    }

    private mutating func drawn(_ seconds: Double) -> Double {
        guard model.spread > 0 else { return seconds }
        return seconds * Double.random(in: 1 - model.spread...1 + model.spread, using: &generator)
    }

    private static func routing(of peer: Int) -> RoutingID {
        RoutingID(bytes: (0..<4).map { UInt8(truncatingIfNeeded: peer >> (8 * $0)) })
    }

    private static func index(of routing: RoutingID) -> Int {
        routing.bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
