package import Base
internal import Protocol
internal import Trajectories

// What the hub waits for.
extension HubCore {
    /// The state in numbers, with who holds what for how long.
    package func state(now: Moment) -> HubReport {
        var report = snapshot()
        if let newest = weights.newest {
            report.readyActors = peers.actors(holding: newest.policy)
        }
        report.recipes = configuration.recipes.enumerated().map { place, recipe in
            HubReport.RecipeState(
                name: recipe.name, broughtEngine: recipe.broughtEngine,
                crystalsWaiting: tasks[place].waitingCrystals + others[place].waitingCrystals,
                workers: peers.available(.measuring(place)).count)
        }
        let leases = versions.compactMap(\.ledger.longestLease)
        report.oldestUnit = leases.min { $0.since < $1.since }.map { held($0, now: now) }
        let longest = configuration.measuresAlone ? others.longestLease : tasks.longestLease
        report.oldestTask = longest.map { held($0, now: now) }
        return report
    }

    private func held(_ lease: (holder: InstanceID, count: Int, since: Moment), now: Moment) -> HeldWork {
        HeldWork(
            holder: peers.peer(of: lease.holder)?.description.description ?? "a peer that is gone", count: lease.count,
            seconds: lease.since.duration(to: now).seconds)
    }
}
