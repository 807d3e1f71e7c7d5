package import Base
internal import Protocol
internal import Trajectories

/// Sees what every peer of a hub does, and since when: looked at about once a second, where somebody wants to know.
package struct FleetWatch: Sendable {
    private struct Seen: Sendable {
        var activity: FleetState.Activity
        var since: Moment
    }

    private var seen: [SessionID: Seen] = [:]

    package init() {}

    /// Looks at a hub.
    ///
    /// - Complexity: O(n log n) in peers, O(k) in the units and tasks that they hold.
    package mutating func look(at core: borrowing HubCore, now: Moment) -> FleetState {
        var state = core.flow(now: now)
        state.members = core.members(now: now)
        var current: [SessionID: Seen] = [:]
        current.reserveCapacity(state.members.count)
        for place in state.members.indices {
            let member = state.members[place]
            let known = seen[member.session].flatMap { $0.activity == member.activity ? $0 : nil }
            let since = known?.since ?? now
            current[member.session] = Seen(activity: member.activity, since: since)
            state.members[place].activitySeconds = since.duration(to: now).seconds
        }
        seen = current
        return state
    }
}

extension HubCore {
    /// All but the peers.
    fileprivate func flow(now: Moment) -> FleetState {
        var flow = FleetState(moment: now, report: state(now: now))
        for version in versions {
            let sampled = version.crystals.sampledCount
            flow.inFlight.sampling += version.openCrystals + version.takenCrystals - version.ledger.freshCrystals
            flow.inFlight.sampling -= sampled
            flow.inFlight.measuring += sampled - version.crystals.doneCount
            flow.inFlight.scored += version.crystals.doneCount - version.takenCrystals
        }
        flow.batches = batchCount
        func age(_ moment: Moment?) -> Double? { moment.map { max(0, $0.duration(to: now).seconds) } }
        flow.unitWaitSeconds = age(versions.last?.ledger.oldestWaiting)
        for place in configuration.recipes.indices {
            flow.tasksWaiting.append(tasks[place].waitingCount)
            flow.taskWaitSeconds.append(age(tasks[place].oldestWaiting))
        }
        flow.roleTimes = roleTimes
        return flow
    }

    fileprivate func members(now: Moment) -> [FleetState.Member] {
        let versions = Dictionary(
            self.versions.map { ($0.weights.policy, $0.version) }, uniquingKeysWith: { max($0, $1) })
        return peers.all.map { peer in
            var member = FleetState.Member(session: peer.session, description: peer.description)
            member.loginSeconds = peer.since.duration(to: now).seconds
            member.silentSeconds = max(0, peer.lastHeard.duration(to: now).seconds)
            member.window = peer.readiness.window
            member.delivered = peer.delivered
            member.report = peer.report
            let holding = holding(of: peer)
            (member.held, member.heldCrystals) = (holding.count, holding.crystals)
            member.heldSeconds = holding.since.map { max(0, $0.duration(to: now).seconds) }
            if peer.description.role == .actor {
                member.version = peer.readiness.policy.flatMap { versions[$0] }
            }
            (member.activity, member.waitsFor) = activity(of: peer, holding, now: now)
            return member
        }
    }

    private func holding(of peer: Peer) -> WorkHolding {
        var holding = WorkHolding()
        switch peer.description.role {
        case .actor: for version in versions { holding.add(version.ledger.holding(of: peer.instance)) }
        case .rewardWorker:
            holding.add(tasks.holding(of: peer.instance))
            holding.add(others.holding(of: peer.instance))
            holding.add(audits.holding(of: peer.instance))
        case .evaluation, .relay: break
        }
        return holding
    }

    /// What a peer does, and what it waits for.
    private func activity(
        of peer: Peer, _ holding: WorkHolding, now: Moment
    ) -> (FleetState.Activity, waitsFor: String?) {
        if peer.lastHeard.duration(to: now) >= configuration.timing.heartbeat * 3 { return (.silent, nil) }
        if holding.count > 0 { return (peer.readiness.window > 0 ? .working : .leaving, nil) }
        switch peer.description.role {
        case .evaluation: return (client?.openCount ?? 0 > 0 ? .working : .idle, nil)
        case .relay: return (.working, nil)
        case .actor:
            guard let newest = weights.newest else { return (.idle, "the first weights") }
            if peer.readiness.policy != newest.policy || peer.readiness.reference != newest.reference {
                return (.loading, "the weights of version \(newest.version)")
            }
            if peer.readiness.window == 0 { return (.leaving, nil) }
            return (.idle, wordsForIdle("units"))
        case .rewardWorker:
            if peer.readiness.window == 0 { return (.loading, "its models") }
            return (.idle, wordsForIdle("crystals"))
        }
    }

    private func wordsForIdle(_ work: String) -> String {
        switch phase {
        case .training(let step) where gathering.maximumStaleness == 0:
            "version \(step.madeVersion), which is being trained"
        case .finished: "nothing: the run is over"
        default: work
        }
    }
}
