package import Coordination
package import Monitoring
internal import Trajectories

extension FleetState {
    /// What waits, or is with somebody.
    package var queues: [RunStatus.Queue] {
        var queues = [
            RunStatus.Queue(name: "units_waiting", length: report.unitsWaiting, oldestSeconds: unitWaitSeconds),
            RunStatus.Queue(
                name: "units_leased", length: report.unitsLeased, oldestSeconds: report.oldestUnit?.seconds),
        ]
        for (place, recipe) in report.recipes.enumerated() where place < tasksWaiting.count {
            queues.append(
                RunStatus.Queue(
                    name: place == 0 ? "tasks_waiting" : "tasks_waiting.\(recipe.name)", length: tasksWaiting[place],
                    oldestSeconds: taskWaitSeconds[place]))
        }
        queues.append(
            RunStatus.Queue(
                name: "tasks_leased", length: report.tasksLeased, oldestSeconds: report.oldestTask?.seconds))
        queues.append(RunStatus.Queue(name: "crystals_scored", length: inFlight.scored))
        return queues
    }

    package var threadTime: [String: RunStatus.ThreadTime] {
        Dictionary(
            roleTimes.map { role, time in
                (role.rawValue, RunStatus.ThreadTime(seconds: time.seconds, busySeconds: time.busySeconds))
            }, uniquingKeysWith: { $1 })
    }

    /// - Parameter steps: that were made.
    package func totals(steps: Int) -> RunStatus.Totals {
        var totals = RunStatus.Totals()
        totals.steps = steps
        (totals.unitsGranted, totals.tasksLeased) = (report.counters.unitsGranted, report.counters.tasksLeased)
        (totals.sampled, totals.measured) = (report.counters.crystalsSampled, report.counters.crystalsFinished)
        totals.taken = report.counters.crystalsTaken
        return totals
    }

    package var health: RunStatus.HubHealth {
        var health = RunStatus.HubHealth(lagSeconds: lag.longest)
        health.droppedReports = report.counters.droppedReports
        health.congestedMessages = report.counters.congestedMessages
        health.turnSeconds = lag.turns
        return health
    }
}

extension HubCounters {
    /// Crystals by their outcomes.
    package var outcomes: [String: Int] {
        var outcomes = ["scored": crystalsScored]
        for (reason, count) in invalid { outcomes["invalid.\(reason)"] = count }
        for (reason, count) in failed { outcomes["failed.\(reason)"] = count }
        return outcomes
    }

    /// What was turned away or left out, by kind.
    package var drops: [String: Int] {
        var drops = [
            "duplicate_units": duplicateUnits, "foreign_units": foreignUnits, "unusable_units": unusableUnits,
            "duplicate_outcomes": duplicateOutcomes, "foreign_outcomes": foreignOutcomes,
            "unusable_outcomes": unusableOutcomes, "refused_peers": refusedPeers,
        ]
        for (kind, count) in rejectedMessages { drops["message.\(kind)"] = count }
        return drops
    }

    /// What each judge made of crystals, a line a judge: "judge mace: failed.engine_timed_out 2, scored 40".
    package var judgeLines: [String] {
        let parts = judged.sorted { $0.key < $1.key }.map { key, count in
            let name = key.prefix { $0 != "." }
            return (name: String(name), text: "\(key.dropFirst(name.count + 1)) \(count)")
        }
        return Dictionary(grouping: parts, by: \.name).sorted { $0.key < $1.key }.map { name, parts in
            "judge \(name): \(parts.map(\.text).joined(separator: ", "))"
        }
    }

    /// Work that was handed out once more.
    package var repeats: [String: Int] {
        [
            "units_regranted": unitsRegranted, "tasks_requeued": tasksRequeued, "tasks_speculated": tasksSpeculated,
        ]
    }
}
