package import Base
internal import Protocol
internal import Trajectories

// What is measured for somebody else than the run: queues of their own, after those of the run, whose state they never
// touch.
extension HubCore {
    /// The ids of tasks beyond this are of other work than the run's.
    static let otherTasks: UInt64 = 1 << 62

    /// Has items measured, in a hub without a run; each comes back once, as an effect.
    ///
    /// - Precondition: their numbers are new, their recipes those of the configuration, which ``LearnerConfiguration``
    ///   says measures alone.
    package mutating func measure(_ work: [QueuedWork], now: Moment) {
        for recipe in configuration.recipes.indices {
            let part = work.filter { $0.recipe == recipe }
            queue(part, recipe: recipe, perTask: configuration.crystalsPerTask, now: now)
        }
        leaseTasks(now: now)
    }

    /// Queues work in tasks of some items, of which those of many atoms have fewer.
    private mutating func queue(_ work: [QueuedWork], recipe: Int, perTask size: Int, now: Moment) {
        var (task, atoms): ([QueuedWork], Int) = ([], 0)
        for item in work {
            let count = item.item.atomCount
            if !task.isEmpty, task.count >= size || atoms + count > Admission.atomsPerTask {
                others.add(task, recipe: recipe, perTask: task.count, now: now)
                (task, atoms) = ([], 0)
            }
            task.append(item)
            atoms += count
        }
        if !task.isEmpty { others.add(task, recipe: recipe, perTask: task.count, now: now) }
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
        let delivery = others.deliver(
            result.task, results: asked.filter { usable[$0] != nil }, from: peer.instance, now: now)
        let finished = delivery.accepted.sorted { $0.index < $1.index }.compactMap { id in
            usable[id].map { FinishedWork(number: id.index, result: $0) }
        }
        counters.duplicateOutcomes += usable.count - finished.count
        peers.note(delivered: finished.count, of: peer.session)
        if !finished.isEmpty { handOut(finished) }
        if delivery.missingCount > 0 { counters.tasksRequeued += 1 }
        if let problem {
            counters.unusableOutcomes += result.results.count - usable.count
            reject("unusable-result", detail: "\(peer.description), \(problem)")
            offended(peer, "a result that cannot be used: \(problem)", now: now)
        }
        peers.giveTurn(to: peer.session)
        leaseTasks(now: now)
    }

    private mutating func handOut(_ finished: [FinishedWork]) {
        if configuration.measuresAlone {
            emit(.measured(finished))
            return
        }
        for work in finished {
            client?.finish(work)
        }
        sendWaitingResults()
    }

    // MARK: - Evaluations of other processes

    /// The recipe at a place: of the run, or after those of an evaluation.
    func recipe(at place: Int) -> MeasuringRecipe? {
        if place < configuration.recipes.count { return configuration.recipes[place] }
        let others = client?.recipes ?? []
        let index = place - configuration.recipes.count
        return index < others.count ? others[index] : nil
    }

    /// Why an evaluation cannot be served now; nil if it can.
    func refusal(ofEvaluation instance: UInt64) -> Refusal? {
        if configuration.measuresAlone {
            return Refusal(code: .hello, reason: "this is an evaluation itself: connect to a learner")
        }
        guard let client, let other = peers[client.session], other.instance != InstanceID(instance) else { return nil }
        let reason = "its workers measure for another evaluation, \(other.description.name), until that ends"
        return Refusal(code: .full, reason: reason)
    }

    /// Takes in how an evaluation has its items measured: reward workers are told with their next heartbeats.
    mutating func takeRecipes(_ request: WorkRecipes, from peer: Peer, now: Moment) {
        guard client?.session == peer.session else { return }
        guard !request.recipes.isEmpty, Set(request.recipes).count == request.recipes.count else {
            offended(peer, "no recipes, or one of them twice", now: now)
            return
        }
        // It says them again before what it asks for again: the first time they may have been lost.
        if let told = client?.recipes.map(\.settings), !told.isEmpty {
            if told != request.recipes { offended(peer, "other recipes than before", now: now) }
            return
        }
        client?.recipes = request.recipes.map { MeasuringRecipe(settings: $0) }
        client?.itemsPerTask = request.itemsPerTask > 0 ? request.itemsPerTask : nil
        changeRecipes()
    }

    /// Queues the items of an evaluation; those that are queued already stay as they are.
    mutating func takeWork(_ items: [NumberedItem], from peer: Peer, now: Moment) {
        guard let asking = client, asking.session == peer.session, !asking.recipes.isEmpty else { return }
        guard items.allSatisfy({ asking.recipes.indices.contains($0.recipe) }) else {
            offended(peer, "items for a recipe that it did not tell", now: now)
            return
        }
        let new = items.filter { asking.known[$0.number] == nil }
        if let problem = new.lazy.compactMap({ Admission.problem(of: $0.item) }).first {
            offended(peer, "an item that cannot be measured: \(problem)", now: now)
            return
        }
        guard asking.openCount + new.count <= configuration.evaluationItems else {
            offended(peer, "more than \(configuration.evaluationItems) items at a time", now: now)
            return
        }
        guard asking.openAtoms + new.reduce(0, { $0 + $1.item.atomCount }) <= configuration.evaluationAtoms else {
            offended(peer, "items of more than \(configuration.evaluationAtoms) atoms at a time", now: now)
            return
        }
        var work: [QueuedWork] = []
        for item in new where client?.known[item.number] == nil {
            client?.begin(item, as: nextWork)
            work.append(
                QueuedWork(
                    number: nextWork, recipe: configuration.recipes.count + item.recipe, item: item.item))
            nextWork += 1
        }
        for place in asking.recipes.indices.map({ configuration.recipes.count + $0 }) {
            let part = work.filter { $0.recipe == place }
            queue(part, recipe: place, perTask: asking.itemsPerTask ?? configuration.crystalsPerTask, now: now)
        }
        leaseTasks(now: now)
    }

    /// Whether a peer may have work of others: it was told their recipes before.
    func knowsRecipes(_ peer: Peer) -> Bool { configuration.measuresAlone || peer.toldRecipes == recipeList }

    /// Forgets an evaluation that is gone, with all that is measured for it alone.
    mutating func dropClient() {
        client = nil
        others.forgetAll()
        changeRecipes()
    }

    private mutating func changeRecipes() {
        recipeList += 1
        var digests: [Digest?] = (client?.recipes ?? []).map(\.digest)
        digests += [Digest?](repeating: nil, count: WireLimits.otherRecipes - digests.count)
        peers.assign(digests, from: configuration.recipes.count)
    }

    /// Tells a reward worker the recipes beside those of its login, if it does not know them.
    mutating func tellRecipes(to peer: Peer) {
        guard let peer = peers[peer.session], peer.toldRecipes != recipeList else { return }
        peers.note(toldRecipes: recipeList, of: peer.session)
        send(.furtherRecipes((client?.recipes ?? []).map(\.settings)), to: peer.routing)
    }

    /// Sends an evaluation what is measured for it, and what did not fit before.
    mutating func sendWaitingResults() {
        guard let asking = client, !asking.outbox.isEmpty, let peer = peers[asking.session] else { return }
        client?.outbox.removeAll()
        for start in stride(from: 0, to: asking.outbox.count, by: 16) {
            let part = Array(asking.outbox[start..<min(start + 16, asking.outbox.count)])
            send(.workResults(part), to: peer.routing)
        }
    }
}
