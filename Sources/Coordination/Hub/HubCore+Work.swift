import Base
import Protocol
import Trajectories

// Units and tasks: the flow of crystals through the hub.
extension HubCore {
    /// Opens units of the newest version for as many crystals as may get under way now.
    private mutating func openUnits(of place: Int, now: Moment) {
        let open = versions.reduce(0) { $0 + $1.openCrystals }
        let version = versions[place].version
        let last = max(PolicyVersion(configuration.versions - 1), version).nextStep
        let room = gathering.room(sampling: version, open: open, lastStep: last)
        versions[place].ledger.open(crystals: room, now: now)
    }

    /// Gives waiting units of the newest version to actors that hold its weights and have room, in the order of their
    /// turns.
    ///
    /// - Complexity: O(log n) in peers and units for each unit granted and each turn taken in vain; a turn is had once
    ///   after each message that may have made room.
    mutating func grantUnits(now: Moment) {
        guard let version = sampledVersion, let place = place(of: version) else { return }
        openUnits(of: place, now: now)
        let newest = versions[place].weights
        var passed: [SessionID] = []
        // One unit at a time each, so that few units spread over all actors.
        while versions[place].ledger.waitingCount > 0, let peer = peers.takeTurn(.sampling) {
            guard holds(newest, peer), hasRoomForUnit(peer), hasRoomInQueue(peer), isHeard(peer, now: now) else {
                continue
            }
            guard
                let (unit, isRegrant) = versions[place].ledger.grant(
                    to: peer.instance, among: peers.available(.sampling),
                    for: unitTimes.deadline(of: peer.instance, atMost: configuration.timing.unitLease), now: now)
            else {
                passed.append(peer.session)
                continue
            }
            counters.unitsGranted += 1
            if isRegrant {
                counters.unitsRegranted += 1
            } else {
                counters.crystalsGranted += unit.crystalCount
            }
            if firstGrant == nil { firstGrant = now }
            bursts[peer.session, default: 0] += 1
            send(.unitGrant(UnitGrant(unit: unit, policy: newest.policy)), to: peer.routing)
            peers.giveTurn(to: peer.session)
        }
        peers.giveBackTurns(passed, of: .sampling)
    }

    /// Gives waiting tasks to workers that have room, in the order of their turns.
    ///
    /// - Complexity: As of ``grantUnits(now:)``.
    mutating func leaseTasks(now: Moment) {
        // So few that nobody waits for them, and so early that they are not left for ever.
        if case .finished = phase {} else { leaseTasks(of: 0, for: .audit, now: now) }
        // Judges first: they finish what has begun.
        if sampledVersion != nil {
            for recipe in configuration.recipes.indices.reversed() { leaseTasks(of: recipe, for: .run, now: now) }
        }
        if case .finished = phase { return }
        let first = configuration.measuresAlone ? 0 : configuration.recipes.count
        let count = configuration.measuresAlone ? configuration.recipes.count : client?.recipes.count ?? 0
        for place in first..<first + count where !others[place].isEmpty {
            leaseTasks(of: place, for: .others, now: now)
        }
    }

    /// Whom a task is for.
    enum Client {
        case run
        case others
        case audit
    }

    private mutating func leaseTasks(of recipe: Int, for client: Client, now: Moment) {
        guard let digest = self.recipe(at: recipe)?.digest else { return }
        var passed: [SessionID] = []
        while hasWaitingTask(of: recipe, for: client), let peer = peers.takeTurn(.measuring(recipe)) {
            guard client != .others || knowsRecipes(peer), hasRoomForTask(peer, of: client), hasRoomInQueue(peer),
                isHeard(peer, now: now)
            else { continue }
            guard let (id, items) = takeTask(of: recipe, for: client, to: peer, now: now) else {
                passed.append(peer.session)
                continue
            }
            sendTask(id, items, of: digest, to: peer)
        }
        peers.giveBackTurns(passed, of: .measuring(recipe))
    }

    mutating func sendTask(_ id: UInt64, _ items: [WorkItem], of recipe: Digest, to peer: Peer) {
        counters.tasksLeased += 1
        bursts[peer.session, default: 0] += 1
        send(.task(RewardTask(epoch: epoch, id: id, recipe: recipe, items: items)), to: peer.routing)
        peers.giveTurn(to: peer.session)
    }

    func hasWaitingTask(of recipe: Int, for client: Client) -> Bool {
        switch client {
        case .run: tasks[recipe].waitingCount > 0
        case .others: others[recipe].waitingCount > 0
        case .audit: audits.waitingCount > 0
        }
    }

    private mutating func takeTask(
        of recipe: Int, for client: Client, to peer: Peer, now: Moment
    ) -> (id: UInt64, items: [WorkItem])? {
        let present = peers.available(.measuring(recipe))
        switch client {
        case .run:
            return tasks.lease(to: peer.instance, recipe: recipe, among: present, now: now).map {
                ($0.id, $0.crystals.map(item))
            }
        case .others:
            return others.lease(to: peer.instance, recipe: recipe, among: present, now: now).map {
                ($0.id, $0.crystals.map(\.item))
            }
        case .audit:
            return audits.lease(to: peer.instance, among: present, now: now).map { ($0.id, $0.crystals.map(\.item)) }
        }
    }

    /// What a worker is told of a crystal: what it takes to measure it, and no more.
    func item(_ sampled: SampledCrystal) -> WorkItem {
        WorkItem(
            job: sampled.id.version.number, index: sampled.id.unit * configuration.crystalsPerUnit + sampled.id.index,
            crystal: sampled.crystal, isTerminated: sampled.isTerminated)
    }

    private func holds(_ newest: Announcement, _ peer: Peer) -> Bool {
        peer.readiness.policy == newest.policy && peer.readiness.reference == newest.reference
    }

    private func hasRoomForUnit(_ peer: Peer) -> Bool {
        versions.indices.reduce(0) { $0 + versions[$1].ledger.held(by: peer.instance) } < peer.readiness.window
    }

    /// Others leave one place of a worker's window to the run, if there is one.
    private func hasRoomForTask(_ peer: Peer, of client: Client = .run) -> Bool {
        let reserve = client == .others && !configuration.measuresAlone ? 1 : 0
        let held = tasks.held(by: peer.instance) + others.held(by: peer.instance) + audits.held(by: peer.instance)
        return held < peer.readiness.window - reserve
    }

    /// Whether a peer may be sent more work before the next tick; if not, it has another turn then.
    mutating func hasRoomInQueue(_ peer: Peer) -> Bool {
        if bursts[peer.session] ?? 0 < Self.longestBurst { return true }
        turnsAtTick.append(peer.session)
        return false
    }

    /// Whether a peer was heard of lately. One that has missed its heartbeats, stopped or cut off perhaps, is given
    /// nothing before it speaks again: others could do it meanwhile.
    mutating func isHeard(_ peer: Peer, now: Moment) -> Bool {
        if peer.lastHeard.duration(to: now) < configuration.timing.heartbeat * 3 { return true }
        turnsAtTick.append(peer.session)
        return false
    }

    /// Takes in a sampled unit, from whichever of its holders sends it first.
    mutating func take(_ result: UnitResult, from peer: Peer, now: Moment) {
        // Acknowledged in any case: sending it again would not change the answer.
        send(.unitAcknowledgement(version: result.version, unit: result.unit), to: peer.routing)
        guard result.run == configuration.run, let place = place(of: result.version),
            result.policy == versions[place].weights.policy
        else {
            counters.foreignUnits += 1
            return
        }
        guard sampledVersion != nil else {
            counters.duplicateUnits += 1
            return
        }
        guard versions[place].ledger.wasGranted(result.unit, to: peer.instance) else {
            // Of an earlier life of the learner, perhaps: it is granted, and sampled, anew.
            counters.foreignUnits += 1
            return
        }
        if let problem = problem(of: result, unit: versions[place].ledger.unit(result.unit)) {
            counters.unusableUnits += 1
            reject("unusable-unit", detail: "unit \(result.unit) of \(peer.description): \(problem)")
            versions[place].ledger.giveBack(unit: result.unit, from: peer.instance, failed: true)
            peers.giveTurn(to: peer.session)
            offended(peer, "a unit that cannot be used: \(problem)", now: now)
            grantUnits(now: now)
            return
        }
        // One that comes late, after another's, tells as well how long this actor takes.
        if let time = versions[place].ledger.time(of: result.unit, with: peer.instance, now: now) {
            unitTimes.note(time, of: peer.instance)
        }
        let delivery = versions[place].ledger.deliver(
            unit: result.unit, crystalCount: result.crystals.count, from: peer.instance)
        switch delivery {
        case .accepted:
            misconduct.noteSuccess(peer.instance)
            peers.note(delivered: result.crystals.count, of: peer.session)
            batchReport.addSampled(result.crystals.count, seconds: result.seconds, by: peer.description.name)
            admit(result.crystals, of: place, from: peer, now: now)
        case .duplicate, .unknown, .foreign: counters.duplicateUnits += 1
        }
        peers.giveTurn(to: peer.session)
        grantUnits(now: now)
    }

    /// Why a unit cannot have been sampled by an honest actor; nil if it can.
    private func problem(of result: UnitResult, unit: WorkUnit) -> String? {
        guard result.crystals.map(\.id) == unit.crystalIDs else {
            return "its crystals do not carry its numbers"
        }
        for crystal in result.crystals {
            if let problem = configuration.admission.problem(of: crystal) { return "crystal \(crystal.id): \(problem)" }
        }
        return nil
    }

    private mutating func admit(_ crystals: [SampledCrystal], of place: Int, from peer: Peer, now: Moment) {
        let new = crystals.filter { versions[place].crystals.add($0, from: peer.description.name) }
        counters.crystalsSampled += new.count
        var unmeasured: [SampledCrystal] = []
        for crystal in new {
            if let known = versions[place].journal.take(crystal) {
                finish(crystal.id, known.result, by: known.scoredBy)
            } else {
                unmeasured.append(crystal)
            }
        }
        tasks.add(unmeasured, recipe: 0, now: now)
        leaseTasks(now: now)
        completeBatch(now: now)
    }

    /// Takes back a unit. One that three processes cannot sample ends the run, rather than going round for ever.
    mutating func takeBack(_ unit: UnitReturn, from peer: Peer, now: Moment) {
        guard sampledVersion != nil, let place = place(of: unit.version),
            versions[place].ledger.wasGranted(unit.unit, to: peer.instance)
        else { return }
        versions[place].ledger.giveBack(unit: unit.unit, from: peer.instance, failed: unit.failed)
        peers.giveTurn(to: peer.session)
        if unit.failed {
            let holders = versions[place].noteFailure(of: unit.unit, by: peer.instance)
            emit(.event(.problem("\(peer.description) could not sample unit \(unit.unit): \(unit.reason)")))
            if holders >= configuration.unitFailuresBeforeAbort {
                emit(.abort(.unitFails(version: unit.version, unit: unit.unit, unit.reason)))
                finish("a unit cannot be sampled: \(unit.reason)")
                return
            }
            let failures = misconduct.noteFailure(peer.instance)
            if failures >= Misconduct.limit {
                refuse(peer, "it failed to sample \(failures) units in a row, the last: \(unit.reason)", now: now)
            }
        }
        grantUnits(now: now)
    }

    /// Takes in outcomes; each crystal's first one counts.
    mutating func take(_ result: TaskResult, from peer: Peer, now: Moment) {
        send(.taskAcknowledgement(result.task), to: peer.routing)
        guard result.epoch == epoch else {
            counters.foreignOutcomes += result.results.count
            return
        }
        if Self.isAudit(result.task) {
            takeAudit(result, from: peer, now: now)
            return
        }
        if result.task > Self.otherTasks {
            takeOthers(result, from: peer, now: now)
            return
        }
        let asked: [CrystalID]
        switch tasks.asked(result.task, of: peer.instance) {
        case .crystals(let crystals): asked = crystals
        case .ofAnEarlierBatch:
            counters.duplicateOutcomes += result.results.count
            return
        case .foreign:
            counters.foreignOutcomes += result.results.count
            reject("foreign-task", detail: "\(peer.description) sent results of a task that it never held")
            return
        }
        let recipe = tasks.recipe(of: result.task)
        var usable: [(id: CrystalID, result: MeasuringResult)] = []
        var problem: String?
        // Results are matched by their place, so that with another number of them none can be.
        if result.results.count != asked.count {
            problem = "\(result.results.count) results for a task of \(asked.count) crystals"
        } else {
            for (id, measured) in zip(asked, result.results) {
                let siteCount = place(of: id.version).flatMap { versions[$0].crystals.siteCount(of: id) }
                let found = configuration.admission.problem(
                    of: measured.outcome, siteCount: siteCount, needsHeight: recipe == 0)
                if let found {
                    problem = problem ?? "crystal \(id): \(found)"
                } else {
                    usable.append((id, measured))
                }
            }
        }
        let delivery = tasks.deliver(
            result.task, results: usable.map(\.id), from: peer.instance, now: now)
        peers.note(delivered: delivery.accepted.count, of: peer.session)
        var judged: [CrystalID] = []
        for crystal in usable {
            if delivery.accepted.contains(crystal.id) {
                if recipe == 0 { mayAudit(crystal.id, crystal.result.outcome, by: peer) }
                if note(crystal.id, crystal.result, recipe: recipe, from: peer) { judged.append(crystal.id) }
            } else {
                counters.duplicateOutcomes += 1
            }
        }
        let crystals = judged.compactMap { id in place(of: id.version).flatMap { versions[$0].crystals[id] } }
        for judge in configuration.recipes.indices.dropFirst() where !crystals.isEmpty {
            tasks.add(crystals, recipe: judge, now: now)
        }
        if delivery.missingCount > 0 { counters.tasksRequeued += 1 }
        if let problem {
            counters.unusableOutcomes += result.results.count - usable.count
            reject("unusable-result", detail: "\(peer.description), \(problem)")
            offended(peer, "a result that cannot be used: \(problem)", now: now)
        }
        peers.giveTurn(to: peer.session)
        leaseTasks(now: now)
        completeBatch(now: now)
    }

    mutating func takeBack(_ task: TaskReturn, from peer: Peer, now: Moment) {
        if Self.isAudit(task.task), task.epoch == epoch {
            audits.giveBack(task.task, from: peer.instance)
            peers.giveTurn(to: peer.session)
            leaseTasks(now: now)
            return
        }
        let isOther = task.task > Self.otherTasks
        guard task.epoch == epoch,
            isOther
                ? others.giveBack(task.task, from: peer.instance) : tasks.giveBack(task.task, from: peer.instance)
        else { return }
        counters.tasksRequeued += 1
        peers.giveTurn(to: peer.session)
        leaseTasks(now: now)
    }

    mutating func expireLeases(now: Moment) {
        for place in versions.indices {
            for (unit, holder) in versions[place].ledger.expire(now: now) {
                let name = peers.peer(of: holder)?.description.description ?? "an actor"
                emit(.event(.problem("unit \(unit) was not sampled in time by \(name); it goes to another as well")))
            }
        }
        counters.tasksRequeued += tasks.expire(now: now)
    }

    /// Takes in what came of a recipe; true if the judges are to measure the crystal now.
    private mutating func note(_ id: CrystalID, _ result: MeasuringResult, recipe: Int, from peer: Peer) -> Bool {
        if recipe > 0 { countJudged(result.outcome, of: id, by: configuration.recipes[recipe].name, peer) }
        switch assembly.add(result, of: id, recipe: recipe, by: peer.description.name) {
        case .judge: return true
        case .wait: return false
        case .finished(let result, let name):
            finish(id, result, by: name)
            return false
        }
    }

    /// Counts what a judge made of a crystal, and tells of the first that it could not measure for a reason.
    private mutating func countJudged(_ outcome: Outcome, of id: CrystalID, by judge: String, _ peer: Peer) {
        let count = counters.countJudged(outcome, by: judge)
        if count > 1 { return }
        switch outcome {
        case .measured: return
        case .invalid(let reason):
            warn("\(judge) finds crystal \(id) invalid (\(reason.rawValue)); more are only counted")
        case .failed(let failure):
            warn("\(judge) could not measure crystal \(id) at \(peer.description): \(failure); more are only counted")
        }
    }

    private mutating func finish(_ id: CrystalID, _ result: MeasuringResult, by name: String) {
        guard let place = place(of: id.version), versions[place].crystals.finish(id, result, from: name) else {
            counters.duplicateOutcomes += 1
            return
        }
        versions[place].journal.note(id)
        counters.count(result.outcome)
        if case .failed(.engineTimedOut) = result.outcome {
            warn(
                "crystal \(id) made no progress at \(name) within its time limit: a faster machine might have measured "
                    + "it, so that a run with the same seed need not give the same weights")
        }
        batchReport.addScored(seconds: result.seconds, by: name)
        // One that no step takes is counted when its version is forgotten.
        _ = gathering.finish(id)
    }

    /// Gives the batch of the step in hand to the trainer if it is complete.
    ///
    /// - Complexity: O(1) until it is, then O(crystals), for ``ExactVersion``.
    mutating func completeBatch(now: Moment) {
        guard case .working(let version) = phase, let ids = gathering.takeBatch() else { return }
        var report = batchReport
        report.count(from: countersAtBatch, to: counters)
        report.actors = peers.count(of: .actor)
        report.rewardWorkers = peers.count(of: .rewardWorker)
        var crystals: [ScoredCrystal] = []
        crystals.reserveCapacity(ids.count)
        for id in ids {
            guard let place = self.place(of: id.version), let crystal = versions[place].crystals.scored(id) else {
                // invariant: a gathering takes only crystals of versions in flight that it was told are done.
                preconditionFailure("a batch has a crystal without an outcome")
            }
            crystals.append(crystal)
            versions[place].takenCrystals += 1
        }
        counters.crystalsTaken += crystals.count
        batchCount += 1
        batchInTraining = (report, now)
        let seconds = firstGrant?.duration(to: now).seconds ?? 0
        (batchReport, countersAtBatch, firstGrant) = (BatchReport(), counters, nil)
        phase = .training(version.nextStep)
        // The batch brings its own.
        let taken = Set(ids)
        for place in versions.indices {
            handOut(versions[place].journal.takeAll().filter { !taken.contains($0) }, of: place)
        }
        var batch = ScoredBatch(
            step: version.nextStep, crystals: crystals, seconds: seconds, report: report, gathering: gathering.state)
        batch.policy = weights.newest?.policy
        emit(.batch(batch))
        // What the batch took makes room.
        grantUnits(now: now)
    }

    /// What was granted and is neither taken, nor dropped, nor under way: none, as long as the books balance.
    ///
    /// - Complexity: O(1) for each version in flight.
    var missingCrystals: Int {
        let underWay = versions.reduce(0) { $0 + $1.openCrystals - $1.ledger.freshCrystals }
        let lost = counters.abandonedCrystals + versions.reduce(0) { $0 + $1.ledger.givenUpCrystals }
        return counters.crystalsGranted + counters.restoredCrystals - counters.crystalsTaken - counters.staleCrystals
            - lost - underWay
    }

    /// Checks in debug builds the versions, the queues, and that no peer with room is forgotten.
    ///
    /// - Complexity: O(n log n) in peers, units and crystals.
    package func checkInvariants() {
        for version in versions { version.checkInvariants() }
        gathering.checkInvariants()
        tasks.checkInvariants()
        others.checkInvariants()
        audits.checkInvariants()
        peers.checkInvariants()
        #if DEBUG
            precondition(zip(versions, versions.dropFirst()).allSatisfy { $0.version < $1.version }, "out of order")
            precondition(
                versions.allSatisfy { $0.version >= gathering.oldestVersion }, "a version is in flight in vain")
            let open = versions.reduce(0) { $0 + $1.crystals.sampledCount - $1.crystals.doneCount }
            precondition(
                tasks[0].openCount == open - assembly.count, "a crystal without an outcome is in no task, or in vain")
            let judging = configuration.recipes.indices.dropFirst().reduce(0) { $0 + tasks[$1].openCount }
            precondition(judging == assembly.missingCount, "a judge's crystal is in no task, or in vain")
            precondition(missingCrystals == 0, "a crystal was granted and is nowhere")
            guard let version = sampledVersion, let newest = weights.newest else { return }
            precondition(versions.last?.version == version, "the version that is sampled is not the newest")
            for peer in peers.all {
                let isHungry =
                    switch peer.description.role {
                    case .actor: holds(newest, peer) && hasRoomForUnit(peer)
                    case .rewardWorker: hasRoomForTask(peer)
                    case .evaluation, .relay: false
                    }
                precondition(
                    !isHungry || peers.hasTurns(peer, recipeCount: configuration.recipes.count)
                        || turnsAtTick.contains(peer.session),
                    "a peer has room and no turn")
            }
        #endif
    }
}
