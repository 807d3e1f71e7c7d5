extension HubReport {
    /// What the version waits for, by name, such as "32 crystals wait, no reward worker has joined"; nil if for
    /// nothing.
    package var waitingText: String? {
        let parts = [unitsText, heldText(oldestUnit, "unit"), tasksText, heldText(oldestTask, "task")].compactMap { $0 }
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

    private var tasksText: String? {
        guard crystalsWaiting > 0 else { return nil }
        let crystals = Self.count(crystalsWaiting, "crystal")
        let wait = crystalsWaiting == 1 ? "waits" : "wait"
        if rewardWorkers == 0 {
            guard let broughtEngine else { return "\(crystals) \(wait), no reward worker has joined" }
            return "\(crystals) \(wait), no reward worker that measures with \(broughtEngine) has joined: start "
                + "one with --engine"
        }
        return oldestTask == nil ? "\(crystals) \(wait), no reward worker asks for work (\(rewardWorkers) joined)" : nil
    }

    private func heldText(_ held: HeldWork?, _ noun: String) -> String? {
        held.map {
            "\(Self.count($0.count, noun)) \($0.count == 1 ? "is" : "are") with \($0.holder) for \(Int($0.seconds)) s"
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
