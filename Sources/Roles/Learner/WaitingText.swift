/// Work of a version that a peer holds.
package struct HeldWork: Sendable, Hashable {
    /// The peer, such as "reward-worker node3:4711".
    package var holder: String
    /// Units or tasks that this peer holds.
    package var count: Int
    /// How long it has held the oldest.
    package var seconds: Double

    package init(holder: String, count: Int, seconds: Double) {
        self.holder = holder
        self.count = count
        self.seconds = seconds
    }
}

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
        if rewardWorkers == 0 { return "\(crystals) \(wait), no reward worker has joined" }
        return oldestTask == nil ? "\(crystals) \(wait), no reward worker asks for work (\(rewardWorkers) joined)" : nil
    }

    private func heldText(_ held: HeldWork?, _ noun: String) -> String? {
        held.map {
            "\(Self.count($0.count, noun)) \($0.count == 1 ? "is" : "are") with \($0.holder) for \(Int($0.seconds)) s"
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

/// Tells what a version waits for when nothing has moved for a while.
package struct WaitingWatch: Sendable {
    /// Nothing is said before nothing has moved for so long.
    package static let first = Duration.seconds(10)
    /// Then it is said this often.
    package static let interval = Duration.seconds(60)

    private struct Progress: Sendable, Hashable {
        var version: Int
        var unitsDone: Int
        var crystalsDone: Int
    }

    private var progress: Progress?
    private var next: Moment?

    package init() {}

    /// What to say now; nil if something moved, or was said not long ago.
    package mutating func check(_ report: HubReport, now: Moment) -> String? {
        let current = Progress(
            version: report.version, unitsDone: report.unitsDone, crystalsDone: report.crystalsDone)
        guard current == progress, let due = next else {
            progress = current
            next = now.advanced(by: Self.first)
            return nil
        }
        guard now >= due else { return nil }
        next = now.advanced(by: Self.interval)
        return report.waitingText
    }
}
