import Messaging
import Rewards

// Units and tasks: the flow of crystals through the hub.
extension HubCore {
    /// Gives waiting units to actors that hold the current weights and have room.
    ///
    /// - Parameter only: The one actor whose room may have changed; nil: all.
    mutating func grantUnits(only session: SessionID? = nil, now: Moment) {
        guard case .working = phase, let newest = weights.newest, ledger?.waitingCount ?? 0 > 0 else { return }
        // One unit at a time each, so that few units spread over all actors.
        var hungry = candidates(session).filter { peer in
            peer.description.role == .actor && peer.readiness.policy == newest.policy
                && peer.readiness.reference == newest.reference && hasRoomForUnit(peer)
        }
        while !hungry.isEmpty {
            hungry = hungry.filter { peer in
                guard let (unit, isRegrant) = ledger?.grant(to: peer.session, now: now) else { return false }
                counters.unitsGranted += 1
                if isRegrant { counters.unitsRegranted += 1 }
                if assembler?.begin == nil { assembler?.begin = now }
                send(.unitGrant(UnitGrant(unit: unit, policy: newest.policy)), to: peer.routing)
                return hasRoomForUnit(peer)
            }
        }
    }

    /// Gives waiting tasks to workers that have room.
    ///
    /// - Parameter only: The one worker whose room may have changed; nil: all.
    mutating func leaseTasks(only session: SessionID? = nil, now: Moment) {
        guard case .working = phase, tasks.waitingCount > 0 else { return }
        var hungry = candidates(session).filter { $0.description.role == .rewardWorker && hasRoomForTask($0) }
        while !hungry.isEmpty {
            hungry = hungry.filter { peer in
                guard let (id, crystals) = tasks.lease(to: peer.session, now: now) else { return false }
                counters.tasksLeased += 1
                send(.task(RewardTask(epoch: epoch, id: id, crystals: crystals)), to: peer.routing)
                return hasRoomForTask(peer)
            }
        }
    }

    private func candidates(_ session: SessionID?) -> [Peer] {
        guard let session else { return peers.all }
        return peers[session].map { [$0] } ?? []
    }

    private func hasRoomForUnit(_ peer: Peer) -> Bool {
        ledger?.held(by: peer.session) ?? 0 < peer.readiness.window
    }

    private func hasRoomForTask(_ peer: Peer) -> Bool { tasks.held(by: peer.session) < peer.readiness.window }

    /// Takes in a sampled unit, from whichever actor sends it first.
    mutating func take(_ result: UnitResult, from peer: Peer, now: Moment) {
        // Acknowledged in any case: sending it again would not change the answer.
        send(.unitAcknowledgement(version: result.version, unit: result.unit), to: peer.routing)
        guard let newest = weights.newest, result.run == configuration.run,
            result.version == ledger?.version, result.policy == newest.policy
        else {
            counters.foreignUnits += 1
            return
        }
        guard case .working = phase else {
            counters.duplicateUnits += 1
            return
        }
        let expected = result.crystals.indices.map {
            CrystalID(version: result.version, unit: result.unit, index: $0)
        }
        guard result.crystals.map(\.id) == expected else {
            reject("malformed", detail: "a unit whose crystals do not carry its numbers")
            takeBack(result.failed("its crystals do not carry its numbers"), from: peer, now: now)
            return
        }
        switch ledger?.deliver(unit: result.unit, crystalCount: result.crystals.count, from: peer.session) {
        case .duplicate: counters.duplicateUnits += 1
        case .unknown, nil:
            reject("unknown-unit", detail: "unit \(result.unit) with \(result.crystals.count) crystals")
            takeBack(result.failed("it has another number of crystals"), from: peer, now: now)
        case .accepted: admit(result.crystals, from: peer, now: now)
        }
        grantUnits(only: peer.session, now: now)
    }

    private mutating func admit(_ crystals: [SampledCrystal], from peer: Peer, now: Moment) {
        var toScore: [SampledCrystal] = []
        for crystal in crystals {
            guard assembler?.add(crystal, from: peer.description.name) == true else { continue }
            counters.crystalsSampled += 1
            if crystal.hasFiniteProbabilities {
                toScore.append(crystal)
            } else {
                finish(
                    crystal.id, .failed(.engine("its log-probability is not finite")), seconds: 0,
                    by: peer.description.name)
            }
        }
        tasks.add(toScore)
        leaseTasks(now: now)
        completeBatch(now: now)
    }

    /// Takes back a unit. One that fails wherever it is tried ends the run, rather than going round for ever.
    mutating func takeBack(_ unit: UnitReturn, from peer: Peer, now: Moment) {
        guard case .working = phase, unit.version == ledger?.version,
            ledger?.giveBack(unit: unit.unit, from: peer.session) == true
        else { return }
        if unit.failed {
            unitFailures[unit.unit, default: 0] += 1
            emit(.event(.problem("\(peer.description) could not sample unit \(unit.unit): \(unit.reason)")))
            if unitFailures[unit.unit, default: 0] >= configuration.unitFailuresBeforeAbort {
                emit(.abort(.unitFails(version: unit.version, unit: unit.unit, unit.reason)))
                finish("a unit cannot be sampled: \(unit.reason)")
                return
            }
        }
        grantUnits(now: now)
    }

    /// Takes in outcomes; each crystal's first one counts.
    mutating func take(_ result: TaskResult, from peer: Peer, now: Moment) {
        send(.taskAcknowledgement(result.task), to: peer.routing)
        guard result.epoch == epoch else {
            counters.duplicateOutcomes += result.results.count
            return
        }
        var (accepted, abandoned) = tasks.deliver(result.task, results: result.results.map(\.id), from: peer.session)
        for crystal in result.results {
            // Removed at its first mention, in case a result names a crystal twice.
            guard accepted.remove(crystal.id) != nil else {
                counters.duplicateOutcomes += 1
                continue
            }
            finish(crystal.id, crystal.result.outcome, seconds: crystal.result.seconds, by: peer.description.name)
        }
        abandon(abandoned, now: now)
        leaseTasks(only: peer.session, now: now)
        completeBatch(now: now)
    }

    mutating func takeBack(_ task: TaskReturn, from peer: Peer, now: Moment) {
        guard task.epoch == epoch, tasks.giveBack(task.task, from: peer.session) else { return }
        counters.tasksRequeued += 1
        leaseTasks(now: now)
    }

    mutating func expireLeases(now: Moment) {
        for (unit, holder) in ledger?.expire(now: now) ?? [] {
            let name = peers[holder]?.description.description ?? "an actor"
            emit(.event(.problem("unit \(unit) was not sampled in time by \(name); it goes to another as well")))
        }
        let (requeued, abandoned) = tasks.expire(now: now)
        counters.tasksRequeued += requeued
        abandon(abandoned, now: now)
    }

    /// Gives crystals that cost too many workers their outcome, so that the batch does not wait for ever.
    mutating func abandon(_ crystals: [CrystalID], now: Moment) {
        guard !crystals.isEmpty else { return }
        let lost = configuration.tasksLostBeforeFailure
        for id in crystals {
            emit(.event(.problem("crystal \(id) was given up after \(lost) reward workers were lost over it")))
            finish(id, .failed(.engine("\(lost) reward workers were lost over it")), seconds: 0, by: "hub")
        }
        completeBatch(now: now)
    }

    private mutating func finish(_ id: CrystalID, _ outcome: RewardOutcome, seconds: Double, by name: String) {
        guard assembler?.finish(id, ScoringResult(outcome: outcome, seconds: seconds), from: name) == true else {
            counters.duplicateOutcomes += 1
            return
        }
        counters.count(outcome)
    }

    private mutating func completeBatch(now: Moment) {
        guard case .working = phase, let batch = assembler?.batch(now: now) else { return }
        phase = .training
        emit(.batch(batch))
    }
}

extension UnitResult {
    /// The unit, given back because its result cannot be used.
    fileprivate func failed(_ reason: String) -> UnitReturn {
        UnitReturn(version: version, unit: unit, failed: true, reason: reason)
    }
}
