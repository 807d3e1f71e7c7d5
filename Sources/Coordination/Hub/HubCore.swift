package import Base
package import Protocol
internal import Security
package import Trajectories

/// All of the hub but its sockets: what it knows, and what it answers.
///
/// It never waits: each call takes a message, a command or the time, and leaves in `effects` what is to be done.
/// Randomness (sessions, epoch) and time come from outside.
package struct HubCore: Sendable {
    enum Phase: Sendable {
        /// No weights yet: peers may log in and wait.
        case waiting
        /// The batch of a step is gathered; this version, which the step begins with, is sampled.
        case working(PolicyVersion)
        /// The batch of a step is with the trainer; the version that the step began with is sampled on, if the
        /// gathering takes what is that old.
        case training(Step)
        /// The run is over: whoever speaks is told to leave.
        case finished(String)
    }

    let configuration: LearnerConfiguration
    let epoch: UInt64
    var phase = Phase.waiting
    var peers: PeerTable
    /// Who may take part; nil: whoever connects.
    var allowed: AllowList?
    /// The versions whose crystals can still get into a batch, the oldest first; few, in the synchronous mode one.
    ///
    /// Changed in place, by their places (``place(of:)``): a copy of one that is changed would copy its ledgers.
    var versions: [VersionInFlight] = []
    /// How long actors take for units, whatever the version.
    var unitTimes = ServiceTimes()
    /// Which crystals the steps take.
    var gathering: any BatchGathering
    /// What was done for the batch in hand.
    var batchReport = BatchReport()
    /// The counters when the batch before it was complete.
    var countersAtBatch = HubCounters()
    /// How many peers the run could use, as of the steps so far, and the batch that is with the trainer.
    private(set) var sizing: FleetSizing
    var batchInTraining: (report: BatchReport, since: Moment)?
    /// When the first unit was granted since then.
    var firstGrant: Moment?
    /// The crystals of all versions that wait for their outcomes.
    var tasks: TaskQueues<SampledCrystal>
    /// Crystals that are measured again, and what came of it.
    var audits: LeaseQueue<AuditedCrystal>
    var audit: MeasurementAudit
    /// What is measured for somebody else.
    var others: TaskQueues<QueuedWork>
    /// The evaluation for which that is; one at a time.
    var client: WorkClient?
    /// The number of the list of its recipes; 0: there was none.
    var recipeList = 0
    /// Of the next item that is measured for somebody else.
    var nextWork = 1
    /// Those of them that are measured and wait for judges.
    var assembly: OutcomeAssembly
    var weights: BlobStore
    /// The time that threads of all peers of a role reported.
    var roleTimes: [PeerRole: RoleTime] = [:]
    var misconduct = Misconduct()
    /// The energy conventions that engines are bound to, by their names.
    var conventions: [String: String]
    package internal(set) var counters = HubCounters()
    /// Batches that were complete.
    var batchCount = 0
    private var effects: [HubEffect] = []
    private var generator: any RandomNumberGenerator & Sendable
    private var nextReport: Moment?
    private var lastTick: Moment?
    /// When idle workers were last given tasks that are late.
    var lastSpeculation: Moment?
    static let speculationInterval = Duration.milliseconds(100)
    /// Work sent to peers since the last tick.
    var bursts: [SessionID: Int] = [:]
    /// Peers that were sent the most of it, and have their next turn at the tick.
    var turnsAtTick: [SessionID] = []
    /// The most work a peer is sent between two ticks: half of what its queue holds, so that a large window does not
    /// overflow it.
    static let longestBurst = WireLimits.queuedMessages / 2
    /// Peers that a message could not be delivered to, and the ticks until they count as lost.
    private var unreachable: [SessionID: Int] = [:]

    /// - Parameter gathering: How steps get their batches; nil: as the configuration says.
    package init(
        configuration: LearnerConfiguration, generator: any RandomNumberGenerator & Sendable,
        gathering: (any BatchGathering)? = nil
    ) {
        self.configuration = configuration
        self.generator = generator
        epoch = self.generator.next()
        allowed = configuration.credentials?.allowed
        conventions = configuration.conventions
        peers = PeerTable(
            capacity: configuration.peerCapacity, recipes: configuration.recipes.map(\.digest),
            spare: WireLimits.otherRecipes)
        weights = BlobStore(files: configuration.files)
        tasks = TaskQueues(
            recipes: configuration.recipes.count, lease: configuration.timing.taskLease,
            crystalsPerTask: configuration.crystalsPerTask)
        audits = LeaseQueue(lease: configuration.timing.taskLease, crystalsPerTask: 1, firstID: Self.auditTasks + 1)
        audit = MeasurementAudit(configuration.audit)
        others = TaskQueues(
            recipes: configuration.recipes.count + WireLimits.otherRecipes, lease: configuration.timing.taskLease,
            crystalsPerTask: configuration.crystalsPerTask, idsAfter: Self.otherTasks)
        let isAsynchronous = if case .asynchronous = configuration.mode { true } else { false }
        func parts(of size: Int) -> Int { (configuration.crystalsPerBatch + size - 1) / max(1, size) }
        sizing = FleetSizing(
            isAsynchronous: isAsynchronous, unitsPerBatch: parts(of: configuration.crystalsPerUnit),
            tasksPerBatch: parts(of: configuration.crystalsPerTask))
        assembly = OutcomeAssembly(names: configuration.recipes.map(\.name))
        self.gathering = gathering ?? configuration.gathering
    }

    /// What is to be done since the last call.
    package mutating func takeEffects() -> [HubEffect] {
        defer { effects.removeAll(keepingCapacity: true) }
        return effects
    }

    package var peerCount: Int { peers.count }

    /// Whether a connection is a peer's.
    package func isPeer(_ routing: RoutingID) -> Bool { peers.session(at: routing) != nil }

    /// Tells the observer something that a person should read.
    package mutating func warn(_ text: String) { emit(.event(.problem(text))) }

    /// Offers new weights, has their version sampled and scored, and begins to gather the batch of its step.
    ///
    /// - Parameters:
    ///   - known: Outcomes of this version that need not be measured again.
    ///   - resumed: What the checkpoint that the run goes on from holds for this step.
    ///   - restored: Crystals that an earlier life of the learner left with their outcomes, for this step or later
    ///     ones, in the order in which they got them.
    /// - Complexity: O(n log n) in peers, O(crystals).
    package mutating func begin(
        version: PolicyVersion, policy: Blob, reference: Blob, known: [CrystalID: KnownOutcome] = [:],
        resuming resumed: GatheringState? = nil, restored: [ScoredCrystal] = [], now: Moment
    ) {
        noteStep(now: now)
        let announcement = Announcement(
            epoch: epoch, run: configuration.run, version: version, policy: policy.digest,
            reference: reference.digest)
        weights.offer(announcement, policy: policy, reference: reference)
        if var resumed {
            // What is held comes with its outcomes, as far as those were kept.
            resumed.held.removeAll()
            gathering.resume(resumed)
        }
        gathering.begin(version.nextStep)
        let oldest = gathering.oldestVersion
        for place in versions.indices {
            versions[place].ledger.close()
            guard versions[place].version < oldest || versions[place].version >= version else { continue }
            counters.staleCrystals += versions[place].openCrystals
            counters.abandonedCrystals += versions[place].ledger.givenUpCrystals
        }
        versions.removeAll { $0.version < oldest || $0.version >= version }
        assembly.forget(before: oldest)
        _ = tasks.forget(before: oldest)
        _ = audits.forget(before: oldest)
        audit.forget(before: oldest)
        // Late results of an earlier batch are told from those that nobody asked for.
        if versions.isEmpty {
            tasks.removeAll()
            assembly.removeAll()
        }
        let units = restored.filter { $0.sampled.id.version == version }.map(\.sampled.id.unit)
        versions.append(
            VersionInFlight(
                announcement, configuration: configuration, known: known, firstUnit: (units.max() ?? -1) + 1))
        phase = .working(version)
        restore(restored, reference: reference.digest)
        // Whoever misses it hears of the new weights with its next heartbeat.
        for peer in peers.all where [.actor, .relay].contains(peer.description.role) {
            send(.announcement(announcement), to: peer.routing)
        }
        peers.giveTurnsToAll()
        grantUnits(now: now)
        // What was held may be enough.
        completeBatch(now: now)
    }

    /// Learns from the step that was made how many peers the run could use.
    ///
    /// - Complexity: O(n log n) in peers.
    private mutating func noteStep(now: Moment) {
        guard let (report, since) = batchInTraining else { return }
        batchInTraining = nil
        let peers = peers.all.map(\.description)
        func threads(_ role: PeerRole) -> Int { peers.reduce(0) { $0 + ($1.role == role ? $1.threads : 0) } }
        sizing.note(
            FleetSizing.Step(
                samplingSeconds: report.samplingSeconds, measuringSeconds: report.scoringSeconds,
                learnerSeconds: since.duration(to: now).seconds, actors: self.peers.count(of: .actor),
                actorThreads: threads(.actor), rewardWorkers: self.peers.count(of: .rewardWorker),
                rewardWorkerThreads: threads(.rewardWorker)))
    }

    /// Takes crystals of an earlier life of the learner to what is in flight; those that are too old are counted.
    private mutating func restore(_ crystals: [ScoredCrystal], reference: Digest) {
        counters.restoredCrystals += crystals.count
        for crystal in crystals {
            let version = crystal.sampled.id.version
            guard let newest = versions.last, version >= gathering.oldestVersion, version <= newest.version else {
                counters.staleCrystals += 1
                continue
            }
            if place(of: version) == nil {
                let weights = Announcement(
                    epoch: epoch, run: configuration.run, version: version, policy: crystal.policy,
                    reference: reference)
                var earlier = VersionInFlight(weights, configuration: configuration)
                earlier.ledger.close()
                versions.insert(earlier, at: versions.firstIndex { $0.version > version } ?? versions.endIndex)
            }
            guard let place = place(of: version), versions[place].weights.policy == crystal.policy,
                versions[place].restore(crystal), gathering.finish(crystal.sampled.id)
            else {
                counters.staleCrystals += 1
                continue
            }
        }
    }

    /// The version that is sampled: the newest, while steps are made as well.
    var sampledVersion: PolicyVersion? {
        switch phase {
        case .working(let version): version
        case .training(let step): step.startVersion
        case .waiting, .finished: nil
        }
    }

    /// Ends the run: everyone is told to leave, and a last report goes out.
    package mutating func finish(_ reason: String) {
        handOutOutcomes()
        phase = .finished(reason)
        emit(.event(.hubReport(snapshot())))
        for peer in peers.all { send(.shutdown(reason), to: peer.routing) }
    }

    /// Does what is due: lost peers, expired leases, reports.
    package mutating func tick(now: Moment) {
        let timing = configuration.timing
        if let last = lastTick {
            let pause = last.duration(to: now)
            // A time in which the hub itself stood still (a suspended laptop, a stopped process) is not a silence of
            // its peers, and no time of theirs to work in: they may have stood still as well.
            if pause > timing.heartbeat * 2 {
                peers.forgive(pause, now: now)
                for place in versions.indices { versions[place].ledger.postpone(by: pause) }
                tasks.postpone(by: pause)
                others.postpone(by: pause)
                audits.postpone(by: pause)
            }
        }
        lastTick = now
        bursts.removeAll(keepingCapacity: true)
        for session in turnsAtTick { peers.giveTurn(to: session) }
        turnsAtTick.removeAll()
        dropUnreachable(now: now)
        for peer in peers.silent(since: now.advanced(by: .zero - timing.liveness)) { drop(peer, .lost, now: now) }
        // A message to a dead connection is refused at once, which finds killed peers long before they are overdue.
        for peer in peers.probe(silentSince: now.advanced(by: .zero - timing.heartbeat * 2), now: now) {
            send(.heartbeatReply(weights.newest), to: peer.routing)
        }
        if sampledVersion != nil {
            expireLeases(now: now)
            grantUnits(now: now)
        }
        counters.tasksRequeued += others.expire(now: now)
        _ = audits.expire(now: now)
        sendWaitingResults()
        leaseTasks(now: now)
        speculate(now: now)
        for place in versions.indices { handOut(versions[place].journal.takeDue(now: now), of: place) }
        report(now: now)
    }

    /// Gives the learner all outcomes to keep that it was not given yet.
    package mutating func handOutOutcomes() {
        for place in versions.indices { handOut(versions[place].journal.takeAll(), of: place) }
    }

    /// Gives the learner outcomes to keep, so that a life cut short loses at most a second of measuring.
    mutating func handOut(_ ids: [CrystalID], of place: Int) {
        let crystals = ids.compactMap { versions[place].crystals.scored($0) }
        if !crystals.isEmpty { emit(.outcomes(crystals)) }
    }

    /// A message did not fit into the queue towards a peer that is there but reads slowly.
    ///
    /// Work goes back to the front of the queue and is offered again at the next tick. All else repeats itself: a
    /// hello, a result or a request for weights is sent again until it is answered, a shutdown is said at every
    /// heartbeat.
    package mutating func congested(_ message: HubMessage, to routing: RoutingID) {
        counters.congestedMessages += 1
        guard let session = peers.session(at: routing), let peer = peers[session] else { return }
        bursts[session] = Self.longestBurst
        switch message {
        case .unitGrant(let grant):
            if let place = place(of: grant.unit.version) {
                versions[place].ledger.giveBack(unit: grant.unit.unit, from: peer.instance)
            }
        case .task(let task) where Self.isAudit(task.id): audits.giveBack(task.id, from: peer.instance)
        case .task(let task) where task.id > Self.otherTasks: others.giveBack(task.id, from: peer.instance)
        case .task(let task): tasks.giveBack(task.id, from: peer.instance)
        case .workResults(let results) where client?.session == session: client?.outbox += results
        case .furtherRecipes: peers.note(toldRecipes: 0, of: session)
        default: break
        }
        peers.giveTurn(to: session)
    }

    /// A message is larger than any may be. A task has failed: with another worker it would be as large.
    package mutating func unsendable(_ message: HubMessage, to routing: RoutingID, detail: String, now: Moment) {
        reject("oversized", detail: detail)
        guard case .task(let task) = message, let session = peers.session(at: routing), let peer = peers[session] else {
            return
        }
        let outcome = Outcome.failed(.engine("it does not fit into a message: \(detail)"))
        let results = task.items.map { _ in MeasuringResult(outcome: outcome, seconds: 0) }
        take(TaskResult(epoch: epoch, task: task.id, results: results), from: peer, now: now)
    }

    /// A message could not be delivered: the connection is gone.
    ///
    /// The peer is lost two ticks later: what it said last, a goodbye perhaps, may still be waiting to be read.
    package mutating func undeliverable(to routing: RoutingID) {
        guard let session = peers.session(at: routing), unreachable[session] == nil else { return }
        unreachable[session] = 2
        peers.update(Readiness(window: 0), of: session)
    }

    private mutating func dropUnreachable(now: Moment) {
        for (session, ticks) in unreachable.sorted(by: { $0.key.value < $1.key.value }) {
            unreachable[session] = ticks - 1
            guard ticks <= 1 else { continue }
            unreachable[session] = nil
            if let peer = peers[session] { drop(peer, .lost, now: now) }
        }
    }

    /// A frame, or a message with the wrong number of frames, that was dropped by the I/O thread.
    package mutating func reject(_ kind: String, detail: String) {
        counters.rejectedMessages[kind, default: 0] += 1
        if counters.rejectedMessages[kind] == 1 {
            emit(.event(.problem("a message was dropped (\(kind)): \(detail); further ones are only counted")))
        }
    }

    /// Something that was turned away, and is told elsewhere.
    package mutating func count(rejected kind: String) { counters.rejectedMessages[kind, default: 0] += 1 }

    /// The observer was too slow for an event.
    package mutating func countDroppedReport() { counters.droppedReports += 1 }

    /// Where a version stands in ``versions``; nil if it is not in flight.
    ///
    /// - Complexity: O(versions in flight), the newest first.
    func place(of version: PolicyVersion) -> Int? {
        // A closure would be given a copy of each.
        for place in versions.indices.reversed() where versions[place].ledger.version == version { return place }
        return nil
    }

    // MARK: - For the extensions

    mutating func emit(_ effect: HubEffect) { effects.append(effect) }

    mutating func send(_ message: HubMessage, to routing: RoutingID) { effects.append(.send(message, to: routing)) }

    /// A number of [0, 1) by chance.
    mutating func draw() -> Double { Double(generator.next() >> 11) * 0x1p-53 }

    mutating func makeSession() -> SessionID {
        while true {
            let session = SessionID(generator.next())
            if session.value != 0, peers[session] == nil { return session }
        }
    }

    /// Forgets a peer, and gives its work to others.
    mutating func drop(_ peer: Peer, _ departure: PeerDeparture, now: Moment) {
        peers.remove(peer.session)
        emit(.event(.peerLeft(peer.description, departure)))
        switch peer.description.role {
        case .actor:
            for place in versions.indices { versions[place].ledger.release(peer.instance) }
            unitTimes.forget(peer.instance)
        case .rewardWorker:
            counters.tasksRequeued += tasks.release(peer.instance) + others.release(peer.instance)
            _ = audits.release(peer.instance)
        case .evaluation: if client?.session == peer.session { dropClient() }
        case .relay: break
        }
        grantUnits(now: now)
        leaseTasks(now: now)
    }

    private mutating func report(now: Moment) {
        guard let due = nextReport else {
            nextReport = now.advanced(by: configuration.timing.report)
            return
        }
        guard now >= due else { return }
        nextReport = now.advanced(by: configuration.timing.report)
        emit(.event(.hubReport(snapshot())))
    }

    /// The state in numbers, of the newest version.
    package func snapshot() -> HubReport {
        var report = HubReport(
            version: versions.last?.version ?? 0, actors: peers.count(of: .actor),
            rewardWorkers: peers.count(of: .rewardWorker), tasksWaiting: tasks.waitingCount + others.waitingCount,
            tasksLeased: tasks.leasedCount + others.leasedCount, crystalsPerBatch: configuration.crystalsPerBatch,
            counters: counters)
        // Of those that are no longer in flight they are counted.
        report.counters.abandonedCrystals += versions.reduce(0) { $0 + $1.ledger.givenUpCrystals }
        report.wanted = sizing.wanted
        report.missingCrystals = missingCrystals
        guard let newest = versions.last else { return report }
        report.unitsWaiting = newest.ledger.waitingCount
        report.unitsLeased = newest.ledger.leasedCount
        report.unitsDone = newest.ledger.doneCount
        report.crystalsDone = gathering.waitingCount
        report.versionsInFlight = versions.count
        report.crystalsUngranted = versions.reduce(0) { $0 + $1.ledger.freshCrystals }
        report.crystalsUnderWay = versions.reduce(0) { $0 + $1.openCrystals } - gathering.waitingCount
        return report
    }
}
