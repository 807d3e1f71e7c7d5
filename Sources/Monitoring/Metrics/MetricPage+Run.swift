internal import Base
internal import Foundation
internal import Telemetry

// The learner's page.
extension MetricPage {
    /// Upper bounds of the classes of staleness, versions.
    private static let stalenessBounds: [Double] = [0, 1, 2, 4, 8, 16]

    /// The metrics of a run.
    ///
    /// - Complexity: O(n) in peers; the page itself is as long however many there are.
    package init(of status: RunStatus) {
        self.init()
        addRun(status)
        addPeers(status)
        addCrystals(status)
        addHub(status)
        addStep(status)
    }

    private mutating func addRun(_ status: RunStatus) {
        add(Metrics.run, [status.run, status.mode.rawValue], 1)
        for state in RunStatus.State.allCases where state != .unknown {
            add(Metrics.state, [state.rawValue], status.state == state ? 1 : 0)
        }
        add(Metrics.version, [], status.version)
        add(Metrics.versionsAsked, [], status.versionsAsked)
        add(Metrics.steps, [], status.totals?.steps ?? 0)
        let steps = status.stepSeconds ?? .step
        add(Metrics.stepSeconds, bounds: steps.bounds, counts: steps.counts, sum: steps.sum)
        add(Metrics.lastStepTime, [], status.lastStepAt?.timeIntervalSince1970)
        add(Metrics.statusTime, [], status.time.timeIntervalSince1970)
        guard let shares = status.shares else { return }
        for activity in RunStatus.LearnerActivity.allCases where activity != .waitingForRoom {
            add(Metrics.learnerSeconds, [activity.rawValue], shares.learnerSeconds[activity])
            add(Metrics.learnerShares, [activity.rawValue], shares.learner[activity])
        }
    }

    private mutating func addPeers(_ status: RunStatus) {
        let roles = ["actor", "reward-worker"]
        for role in roles { add(Metrics.peers, [role], status.count(of: role)) }
        var counts: [String: [RunStatus.PeerActivity: Int]] = [:]
        for peer in status.fleet { counts[peer.role, default: [:]][peer.activity, default: 0] += 1 }
        for role in roles {
            for activity in RunStatus.PeerActivity.allCases {
                add(Metrics.peerActivity, [role, activity.rawValue], counts[role]?[activity] ?? 0)
            }
        }
        // Of a run of which nothing is known yet one of each is wanted, of one that is over none.
        add(Metrics.actorsWanted, [], status.isOver ? 0 : status.wanted?.actors ?? 1)
        add(Metrics.workersWanted, [], status.isOver ? 0 : status.wanted?.rewardWorkers ?? 1)
        for role in roles {
            let time = status.threadTime[role] ?? .init(seconds: 0, busySeconds: 0)
            add(Metrics.threadSeconds, [role], time.seconds)
            add(Metrics.busySeconds, [role], time.busySeconds)
            add(Metrics.waitSeconds, [role], time.seconds - time.busySeconds)
        }
        add(Metrics.idleShare, ["actor"], status.shares?.actorsIdle)
        add(Metrics.idleShare, ["reward-worker"], status.shares?.rewardWorkersIdle)
        add(Metrics.oldestWeights, [], status.fleet.compactMap(\.staleness).max())
    }

    private mutating func addCrystals(_ status: RunStatus) {
        let ledger = status.ledger ?? .init()
        add(Metrics.granted, [], ledger.granted)
        add(Metrics.restored, [], ledger.restored)
        add(Metrics.sampled, [], status.totals?.sampled ?? 0)
        for (outcome, count) in (["scored": 0].merging(status.outcomes) { $1 }).sorted(by: { $0.key < $1.key }) {
            let parts = outcome.split(separator: ".", maxSplits: 1)
            add(Metrics.outcomes, [String(parts[0]), parts.count > 1 ? String(parts[1]) : ""], count)
        }
        add(Metrics.trained, [], ledger.trained)
        let reasons = ["stale", "abandoned", "failed", "invalid", "abstained", "left_out"]
        for reason in Set(reasons).union(ledger.dropped.keys).sorted() {
            add(Metrics.dropped, [reason], ledger.dropped[reason] ?? 0)
        }
        for stage in ["sampling", "measuring", "scored", "training"] {
            add(Metrics.inFlight, [stage], ledger.inFlight[stage] ?? 0)
        }
        add(Metrics.missing, [], ledger.missing)
        let rates = status.rates ?? .init()
        for (stage, rate) in [("sampled", rates.sampled), ("measured", rates.measured), ("trained", rates.trained)] {
            add(Metrics.rate, [stage, "10s"], rate.last10)
            add(Metrics.rate, [stage, "60s"], rate.last60)
            add(Metrics.rate, [stage, "300s"], rate.last300)
        }
        var counts = [Int](repeating: 0, count: Self.stalenessBounds.count + 1)
        var sum = 0.0
        for (age, count) in status.staleness {
            guard let age = Double(age) else { continue }
            counts[Self.stalenessBounds.firstIndex { age <= $0 } ?? Self.stalenessBounds.count] += count
            sum += age * Double(count)
        }
        add(Metrics.staleness, bounds: Self.stalenessBounds, counts: counts, sum: sum)
        add(Metrics.stalenessLimit, [], status.maximumStaleness)
    }

    private mutating func addHub(_ status: RunStatus) {
        for queue in status.queues {
            add(Metrics.queueLength, [queue.name], queue.length)
            add(Metrics.queueAge, [queue.name], queue.oldestSeconds ?? 0)
        }
        for (kind, count) in status.repeats.sorted(by: { $0.key < $1.key }) { add(Metrics.repeats, [kind], count) }
        for (kind, count) in status.drops.sorted(by: { $0.key < $1.key }) { add(Metrics.refused, [kind], count) }
        add(Metrics.lag, [], status.hub?.lagSeconds)
        if let turns = status.hub?.turnSeconds {
            add(Metrics.turns, bounds: turns.bounds, counts: turns.counts, sum: turns.sum)
        }
        add(Metrics.congested, [], status.hub?.congestedMessages)
        add(Metrics.droppedReports, [], status.hub?.droppedReports)
        add(Metrics.audited, [], status.audit?.audited)
        add(Metrics.disputed, [], status.audit?.disputed)
        add(Metrics.diskFree, [], status.diskFreeBytes)
    }

    private mutating func addStep(_ status: RunStatus) {
        guard let step = status.lastStep else { return }
        let crystals = Double(max(1, step.crystals))
        add(Metrics.reward, [], step.rewardMean)
        add(Metrics.rewardError, [], step.rewardError)
        add(Metrics.kl, [], step.klReference)
        add(Metrics.stable, [], step.stableFraction)
        add(Metrics.unique, [], step.uniqueFraction)
        add(Metrics.invalid, [], Double(step.invalidCount) / crystals)
        add(Metrics.failed, [], Double(step.failed.values.reduce(0, +)) / crystals)
        add(Metrics.clipped, [], step.clipFraction?.overall)
        add(Metrics.gradient, [], step.gradientNorm)
        add(Metrics.learningRate, [], step.learningRate)
    }
}

extension RunStatus.LearnerTime {
    fileprivate subscript(activity: RunStatus.LearnerActivity) -> Double {
        switch activity {
        case .waiting: waiting
        case .storing: storing
        case .training: training
        case .saving: saving
        case .waitingForRoom: 0
        }
    }
}
