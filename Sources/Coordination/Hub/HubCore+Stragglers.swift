import Base
import Protocol
import Trajectories

// Tasks that are with one worker for far longer than usual, near the end of a batch.
extension HubCore {
    /// Gives tasks that are late to idle workers as well, near the end of a batch, when none waits: of the run, then of
    /// others.
    ///
    /// - Complexity: O(1) while none is late, else O(peers).
    mutating func speculate(now: Moment) {
        if let last = lastSpeculation, last.duration(to: now) < Self.speculationInterval { return }
        lastSpeculation = now
        if case .working = phase {
            for recipe in configuration.recipes.indices { speculate(on: recipe, for: .run, now: now) }
        }
        let first = configuration.measuresAlone ? 0 : configuration.recipes.count
        let count = configuration.measuresAlone ? configuration.recipes.count : client?.recipes.count ?? 0
        for place in first..<first + count { speculate(on: place, for: .others, now: now) }
    }

    private mutating func speculate(on recipe: Int, for client: Client, now: Moment) {
        guard !hasWaitingTask(of: recipe, for: client), hasLateTask(of: recipe, for: client, now: now),
            let digest = self.recipe(at: recipe)?.digest
        else { return }
        var passed: [SessionID] = []
        while hasLateTask(of: recipe, for: client, now: now), let peer = peers.takeTurn(.measuring(recipe)) {
            guard hasRoomInQueue(peer), isHeard(peer, now: now) else { continue }
            guard client == .run || knowsRecipes(peer), hasFreeThread(peer),
                let (id, items) = takeLateTask(of: recipe, for: client, to: peer, now: now)
            else {
                passed.append(peer.session)
                continue
            }
            counters.tasksSpeculated += 1
            sendTask(id, items, of: digest, to: peer)
        }
        peers.giveBackTurns(passed, of: .measuring(recipe))
    }

    private func hasLateTask(of recipe: Int, for client: Client, now: Moment) -> Bool {
        switch client {
        case .run: tasks[recipe].hasLateTask(now: now)
        case .others: others[recipe].hasLateTask(now: now)
        case .audit: false
        }
    }

    private mutating func takeLateTask(
        of recipe: Int, for client: Client, to peer: Peer, now: Moment
    ) -> (id: UInt64, items: [WorkItem])? {
        switch client {
        case .run:
            return tasks.speculate(to: peer.instance, recipe: recipe, now: now).map { ($0.id, $0.crystals.map(item)) }
        case .others:
            return others.speculate(to: peer.instance, recipe: recipe, now: now).map {
                ($0.id, $0.crystals.map(\.item))
            }
        case .audit: return nil
        }
    }

    /// Whether a worker could begin with a task at once: of its window one place is for the task that comes next.
    private func hasFreeThread(_ peer: Peer) -> Bool {
        let held = tasks.held(by: peer.instance) + others.held(by: peer.instance) + audits.held(by: peer.instance)
        return peer.readiness.window > 0 && held < max(1, peer.readiness.window - 1)
    }
}
