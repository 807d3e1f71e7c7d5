package import Base
internal import Protocol
internal import Trajectories

// What is measured for somebody else than the run: queues of their own, after those of the run, whose state they never
// touch.
extension HubCore {
    /// The ids of tasks beyond this are of other work than the run's.
    static let otherTasks: UInt64 = 1 << 62

    /// Has items measured; each comes back once, as an effect.
    ///
    /// - Precondition: their numbers are new, their recipes those of the configuration.
    package mutating func measure(_ work: [QueuedWork], now: Moment) {
        for recipe in configuration.recipes.indices {
            let part = work.filter { $0.recipe == recipe }
            if !part.isEmpty { others.add(part, recipe: recipe) }
        }
        leaseTasks(now: now)
    }

    /// Takes in what came of a task of other work; each item's first result counts.
    mutating func takeOthers(_ result: TaskResult, from peer: Peer, now: Moment) {
        guard case .crystals(let asked) = others.asked(result.task, of: peer.instance) else {
            counters.foreignOutcomes += result.results.count
            reject("foreign-task", detail: "\(peer.description) sent results of a task that it never held")
            return
        }
        var usable: [CrystalID: MeasuringResult] = [:]
        var problem: String?
        if result.results.count != asked.count {
            problem = "\(result.results.count) results for a task of \(asked.count) items"
        } else {
            for (id, measured) in zip(asked, result.results) {
                if let found = configuration.admission.problem(of: measured.outcome, needsHeight: false) {
                    problem = problem ?? "item \(id.index): \(found)"
                } else {
                    usable[id] = measured
                }
            }
        }
        let delivery = others.deliver(result.task, results: asked.filter { usable[$0] != nil }, from: peer.instance)
        let finished = delivery.accepted.sorted { $0.index < $1.index }.compactMap { id in
            usable[id].map { FinishedWork(number: id.index, result: $0) }
        }
        counters.duplicateOutcomes += usable.count - finished.count
        if !finished.isEmpty { emit(.measured(finished)) }
        if delivery.missingCount > 0 { counters.tasksRequeued += 1 }
        if let problem {
            counters.unusableOutcomes += result.results.count - usable.count
            reject("unusable-result", detail: "\(peer.description), \(problem)")
            offended(peer, "a result that cannot be used: \(problem)", now: now)
        }
        peers.giveTurn(to: peer.session)
        leaseTasks(now: now)
    }
}
