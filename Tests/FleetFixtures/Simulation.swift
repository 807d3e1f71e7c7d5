package import Base
package import Coordination
package import Protocol
package import Trajectories

/// The hub and peers of a run without sockets, threads or real time: frames lie in queues and arrive when the test says
/// so.
package struct Simulation {
    package enum Kind {
        case actor(ActorCore)
        case worker(RewardWorkerCore)
        case evaluation(EvaluationCore)
    }

    package final class Station {
        package let number: Int
        package var kind: Kind
        /// A new one with every connection.
        package var routing: RoutingID
        package var inbox: [HubMessage] = []
        package var jobs: [Work] = []
        package var left = false
        /// Whether its process stands still.
        package var isSilent = false
        /// The recipes that a worker has an engine for; nil: all.
        package var measures: Set<String>?
        package var error: RoleError?
        /// What a worker measures wrongly, eV/atom.
        package var shift = 0.0

        package init(number: Int, kind: Kind) {
            self.number = number
            self.kind = kind
            routing = RoutingID(bytes: [])
        }
    }

    package enum Work {
        case actor(SamplingWork.Job)
        case worker(MeasuringWork.Job)
    }

    package var hub: HubCore
    package var now = Toys.begin
    package var stations: [Station] = []
    /// Frames under way to the hub, in the order sent.
    package var toHub: [(routing: RoutingID, frame: [UInt8])] = []
    package var batches: [ScoredBatch] = []
    /// What was handed out before its batch.
    package var outcomes: [ScoredCrystal] = []
    /// What was measured for others than the run.
    package var finishedWork: [FinishedWork] = []
    /// What evaluations were told.
    package var results: [NumberedResult] { told.results }
    private let told = Told()

    private final class Told: @unchecked Sendable {
        var results: [NumberedResult] = []
    }

    /// The crystals that workers measured, in order.
    package var measured: [CrystalID] = []
    package var aborts: [RoleError] = []
    package var problems: [String] = []
    package var grants: [CrystalID] = []
    /// Why workers that log in from now on have no engine.
    package var engineProblem: RoleError?
    /// The files that the settings name and that workers lack; taken out once they are kept.
    package var lackedFiles: Set<Digest> = []
    private var connections: UInt32 = 0
    private var seed: UInt64
    private let crystalsPerUnit: Int

    package init(
        _ configuration: LearnerConfiguration, seed: UInt64 = 1, gathering: (any BatchGathering)? = nil
    ) {
        self.seed = seed
        crystalsPerUnit = configuration.crystalsPerUnit
        hub = HubCore(
            configuration: configuration, generator: SeededGenerator(seed: seed), gathering: gathering)
    }

    /// - Parameter measures: The recipes that a worker has an engine for; nil: all.
    package mutating func add(_ role: PeerRole, threads: Int = 1, measures: Set<String>? = nil) throws -> Station {
        var configuration = PeerConfiguration(
            endpoint: try Endpoint("tcp://127.0.0.1:5555"), build: "test", host: "test", process: stations.count)
        configuration.threads = threads
        seed &+= 1
        let generator = SeededGenerator(seed: seed)
        let station = Station(
            number: stations.count,
            kind: role == .actor
                ? .actor(ActorCore(SamplingWork(), configuration: configuration, generator: generator))
                : .worker(RewardWorkerCore(MeasuringWork(), configuration: configuration, generator: generator)))
        start(station, measures)
        return station
    }

    /// An evaluation that has items measured by the workers.
    package mutating func addEvaluation(_ recipes: WorkRecipes) throws -> Station {
        let configuration = PeerConfiguration(
            endpoint: try Endpoint("tcp://127.0.0.1:5555"), build: "test", host: "test", process: stations.count)
        seed &+= 1
        let work = EvaluationWork(recipes: recipes) { [told] in told.results += $0 }
        let station = Station(
            number: stations.count,
            kind: .evaluation(
                EvaluationCore(work, configuration: configuration, generator: SeededGenerator(seed: seed))))
        start(station, nil)
        return station
    }

    /// An evaluation asks for items.
    package mutating func ask(_ station: Station, _ items: [NumberedItem]) {
        update(station) { _, _ in
        } worker: { _, _ in
        } evaluation: {
            for item in items { $0.finished(item, now: $1) }
        }
    }

    private mutating func start(_ station: Station, _ measures: Set<String>?) {
        station.measures = measures
        stations.append(station)
        update(station) {
            $0.start(now: $1)
        } worker: {
            $0.start(now: $1)
        } evaluation: {
            $0.start(now: $1)
        }
    }

    /// Runs a piece of a peer's life, and collects what it wants done.
    private mutating func update(
        _ station: Station, actor: (inout ActorCore, Moment) -> Void,
        worker: (inout RewardWorkerCore, Moment) -> Void,
        evaluation: (inout EvaluationCore, Moment) -> Void = { _, _ in }
    ) {
        guard !station.left, !station.isSilent else { return }
        let effects: [PeerEffect]
        switch station.kind {
        case .actor(var core):
            actor(&core, now)
            station.jobs += core.takeJobs().map { .actor($0) }
            effects = core.takeEffects()
            station.kind = .actor(core)
        case .worker(var core):
            worker(&core, now)
            prepare(&core, station)
            effects = core.takeEffects()
            station.kind = .worker(core)
        case .evaluation(var core):
            evaluation(&core, now)
            _ = core.takeJobs()
            effects = core.takeEffects()
            station.kind = .evaluation(core)
        }
        for effect in effects {
            switch effect {
            case .connect:
                connections += 1
                station.routing = RoutingID(bytes: (0..<4).map { UInt8(truncatingIfNeeded: connections >> (8 * $0)) })
                station.inbox.removeAll()
            case .send(let message, let session):
                guard let frame = try? message.encode(session: session) else { continue }
                toHub.append((station.routing, frame))
            case .leave(let departure):
                station.left = true
                if case .failure(let error) = departure { station.error = error }
            case .log, .askRelay: break
            }
        }
    }

    /// An engine is there, or not, at once, and so are files that were pulled.
    private mutating func prepare(_ core: inout RewardWorkerCore, _ station: Station) {
        var jobs = core.takeJobs()
        while !jobs.isEmpty {
            switch jobs.removeFirst() {
            case .prepare(let recipes) where !lackedFiles.isEmpty:
                core.finished(.lacking(lackedFiles.sorted { "\($0)" < "\($1)" }, of: recipes), now: now)
            case .prepare(let recipes):
                let usable = recipes.filter { station.measures?.contains($0) ?? true }
                core.finished(
                    .prepared(recipes, usable: engineProblem.map(Result.failure) ?? .success(usable)), now: now)
            case .prepareFurther(let recipes):
                let usable = recipes.filter { station.measures?.contains($0) ?? true }
                core.finished(.preparedFurther(recipes, usable: usable), now: now)
            case .keep(let blob, _):
                lackedFiles.remove(blob.digest)
                core.finished(.kept(blob.digest), now: now)
            case .measure(let task, let recipe): station.jobs.append(.worker(.measure(task, recipe: recipe)))
            }
            jobs += core.takeJobs()
        }
    }

    /// A peer dies without a word.
    package mutating func kill(_ station: Station) {
        station.left = true
        station.inbox.removeAll()
        station.jobs.removeAll()
    }

    /// A peer's process stands still: its connection stays, and what is sent to it waits.
    package mutating func silence(_ station: Station) { station.isSilent = true }

    /// A peer's connection breaks: what is under way is lost, and the hub's router knows it no more.
    package mutating func cut(_ station: Station) {
        toHub.removeAll { $0.routing == station.routing }
        station.inbox.removeAll()
        connections += 1
        station.routing = RoutingID(bytes: (0..<4).map { UInt8(truncatingIfNeeded: connections >> (8 * $0)) })
    }

    package mutating func begin(
        version: Int, weights: [UInt8], reference: [UInt8] = [1, 2, 3], known: [CrystalID: KnownOutcome] = [:],
        resuming: GatheringState? = nil, restored: [ScoredCrystal] = []
    ) {
        hub.begin(
            version: PolicyVersion(version), policy: Blob(weights, chunkBytes: 64),
            reference: Blob(reference),
            known: known, resuming: resuming, restored: restored, now: now)
        performHub()
    }

    package mutating func performHub() {
        while true {
            let effects = hub.takeEffects()
            if effects.isEmpty { return }
            for effect in effects {
                switch effect {
                case .send(let message, let routing):
                    guard let station = stations.first(where: { $0.routing == routing && !$0.left }) else {
                        hub.undeliverable(to: routing)
                        continue
                    }
                    if let frame = try? message.encode(), let read = try? HubMessage.decode(frame) {
                        station.inbox.append(read)
                    }
                case .batch(let batch): batches.append(batch)
                case .outcomes(let finished): outcomes += finished
                case .measured(let finished): finishedWork += finished
                case .abort(let error): aborts.append(error)
                case .event(.problem(let text)): problems.append(text)
                case .event: break
                }
            }
        }
    }

    /// The next frame reaches the hub; false if there is none.
    @discardableResult
    package mutating func deliverToHub() -> Bool {
        guard !toHub.isEmpty else { return false }
        let (routing, frame) = toHub.removeFirst()
        hub.receive(frame, from: routing, now: now)
        performHub()
        hub.checkInvariants()
        return true
    }

    /// The next message reaches a peer; false if there is none.
    @discardableResult
    package mutating func deliver(to station: Station) -> Bool {
        guard !station.left, !station.isSilent, !station.inbox.isEmpty else { return false }
        let message = station.inbox.removeFirst()
        update(station) {
            $0.receive(message, now: $1)
        } worker: {
            $0.receive(message, now: $1)
        } evaluation: {
            $0.receive(message, now: $1)
        }
        return true
    }

    /// A peer does its oldest job; false if there is none.
    @discardableResult
    package mutating func work(_ station: Station, failing: Bool = false) throws -> Bool {
        guard !station.left, !station.isSilent, !station.jobs.isEmpty else { return false }
        switch station.jobs.removeFirst() {
        case .actor(let job):
            let output: SamplingWork.Output
            switch job {
            case .prepare(let settings): output = .prepared(settings: settings, problem: nil)
            case .load(_, _, let announcement): output = .loaded(announcement, problem: nil)
            case .sample(let grant):
                output = .sampled(
                    grant, crystals: try Toys.crystals(of: grant.unit), problem: failing ? "asked" : nil, seconds: 1)
            }
            update(station) {
                $0.finished(output, now: $1)
            } worker: { _, _ in
            }
        case .worker(let job):
            guard case .measure(let task, let recipe) = job else { return false }
            measured += task.items.map {
                CrystalID(
                    version: PolicyVersion($0.job), unit: $0.index / crystalsPerUnit, index: $0.index % crystalsPerUnit)
            }
            let results = task.items.map { item in
                MeasuringResult(
                    outcome: (recipe.hasPrefix("judge") ? Toys.judgement(of: item) : Toys.outcome(of: item))
                        .shifted(by: station.shift), seconds: 0.1)
            }
            let output = MeasuringWork.Output.measured(task, results, seconds: 1)
            update(station) { _, _ in
            } worker: {
                $0.finished(output, now: $1)
            }
        }
        return true
    }

    /// Time passes for everyone.
    package mutating func advance(_ duration: Duration) {
        now = now.advanced(by: duration)
        hub.tick(now: now)
        performHub()
        hub.checkInvariants()
        for station in stations {
            update(station) {
                $0.tick(now: $1)
            } worker: {
                $0.tick(now: $1)
            } evaluation: {
                $0.tick(now: $1)
            }
        }
    }

    package mutating func stop(_ station: Station) {
        update(station) {
            $0.stop(now: $1)
        } worker: {
            $0.stop(now: $1)
        } evaluation: {
            $0.stop(now: $1)
        }
    }

    /// Lets everything happen until nothing is left to do, or `condition` holds.
    package mutating func settle(until condition: (Simulation) -> Bool = { _ in false }) throws {
        for _ in 0..<100_000 {
            if condition(self) { return }
            var moved = deliverToHub()
            for station in stations {
                moved = deliver(to: station) || moved
                moved = try work(station) || moved
            }
            if !moved { return }
        }
    }

    private mutating func settleOnce(idle: Station) throws {
        deliverToHub()
        for station in stations {
            deliver(to: station)
            if station !== idle { try work(station) }
        }
    }

    /// Lets everything happen, but `idle` does no work, until `condition` holds.
    package mutating func settle(idle: Station..., until condition: (Simulation) -> Bool) throws {
        for _ in 0..<10_000 where !condition(self) {
            deliverToHub()
            for station in stations where !condition(self) {
                deliver(to: station)
                if !idle.contains(where: { $0 === station }) { try work(station) }
            }
        }
    }

    /// Lets time pass, step by step, until `condition` holds; false if it never does.
    ///
    /// - Parameter idle: does no work.
    package mutating func run(
        steps: Int = 2000, without idle: Station? = nil, until condition: (Simulation) -> Bool
    ) throws -> Bool {
        for _ in 0..<steps {
            if let idle {
                for _ in 0..<200 where !condition(self) { try settleOnce(idle: idle) }
            } else {
                try settle(until: condition)
            }
            if condition(self) { return true }
            advance(.milliseconds(500))
        }
        return condition(self)
    }
}

extension Outcome {
    /// With an energy that is off, eV/atom.
    fileprivate func shifted(by shift: Double) -> Outcome {
        guard shift != 0, case .measured(var measurement) = self, let energy = measurement[.energyPerAtom] else {
            return self
        }
        measurement = Measurement(energyPerAtom: energy + shift, energyAboveHull: measurement[.energyAboveHull] ?? 0)
        return .measured(measurement)
    }
}
