extension HubReport {
    /// What the version waits for, by name, such as "32 crystals wait, no reward worker has joined"; nil if for
    /// nothing.
    package var waitingText: String? {
        let tasks = recipes.indices.compactMap(tasksText)
        let parts =
            [unitsText, heldText(oldestUnit, "unit")].compactMap { $0 } + tasks
            + [heldText(oldestTask, "task")].compactMap { $0 }
        guard !parts.isEmpty else { return nil }
        return "version \(version), \(crystalsDone) of \(crystalsPerBatch) crystals scored: "
            + parts.joined(separator: "; ")
    }

    private var unitsText: String? {
        guard unitsWaiting > 0 else { return nil }
        let units = Self.count(unitsWaiting, "unit")
        let wait = unitsWaiting == 1 ? "waits" : "wait"
        if actors == 0 { return "\(units) \(wait), no actor has joined" }
        if readyActors == 0 { return "\(units) \(wait), no actor holds version \(version) yet (\(actors) joined)" }
        return oldestUnit == nil ? "\(units) \(wait), no actor asks for work (\(actors) joined)" : nil
    }

    private func tasksText(of place: Int) -> String? {
        let recipe = recipes[place]
        guard recipe.crystalsWaiting > 0 else { return nil }
        let crystals = Self.count(recipe.crystalsWaiting, "crystal")
        let wait = (recipe.crystalsWaiting == 1 ? "waits" : "wait") + (place == 0 ? "" : " for \(recipe.name)")
        if recipe.workers == 0, let engine = recipe.broughtEngine {
            if preparingWorkers > 0 {
                let many = preparingWorkers == 1 ? "1 is" : "\(preparingWorkers) are"
                return "\(crystals) \(wait), no reward worker that measures with \(engine) is ready yet (\(many) "
                    + "preparing)"
            }
            return "\(crystals) \(wait), no reward worker that measures with \(engine) has joined: start one with "
                + "--engine"
        }
        if rewardWorkers == 0 { return "\(crystals) \(wait), no reward worker has joined" }
        if recipe.workers == 0, recipes.contains(where: { $0.workers > 0 }) {
            let what = place == 0 ? "by the run's potential" : "it"
            let workers = Self.count(rewardWorkers, "reward worker")
            return "\(crystals) \(wait), none of \(workers) measures \(what): start one without --engine"
        }
        return oldestTask == nil ? "\(crystals) \(wait), no reward worker asks for work (\(rewardWorkers) joined)" : nil
    }

    /// Reward workers that have joined and measure by no recipe yet, at least: they load their engines.
    private var preparingWorkers: Int { max(0, rewardWorkers - recipes.reduce(0) { $0 + $1.workers }) }

    /// The recipes by which crystals wait to be measured and nobody measures, though those who do may be there: with an
    /// engine of their own, or for other recipes. Who still prepares may be one who will.
    var recipesInWant: Set<Int> {
        let isServed = recipes.contains { $0.workers > 0 }
        return Set(
            recipes.indices.filter { place in
                recipes[place].workers == 0 && recipes[place].crystalsWaiting > 0
                    && (recipes[place].broughtEngine != nil || isServed) && preparingWorkers == 0
            })
    }

    private func heldText(_ held: HeldWork?, _ noun: String) -> String? {
        held.map {
            "\(Self.count($0.count, noun)) \($0.count == 1 ? "is" : "are") with \($0.holder) for \(Int($0.seconds)) s"
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
