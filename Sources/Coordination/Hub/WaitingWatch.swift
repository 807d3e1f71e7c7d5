package import Base
internal import Trajectories

/// Tells what a version waits for: at once where nobody measures what is asked for, else when nothing has moved for a
/// while.
package struct WaitingWatch: Sendable {
    /// Nothing is said before nothing has moved for so long.
    package static let first = Duration.seconds(10)
    /// Then it is said this often.
    package static let interval = Duration.seconds(60)

    private struct Progress: Sendable, Hashable {
        var version: PolicyVersion
        var unitsDone: Int
        var crystalsDone: Int
    }

    private var progress: Progress?
    private var next: Moment?
    private var recipesInWant: Set<Int> = []

    package init() {}

    /// What to say now; nil if something moved, or was said not long ago.
    package mutating func check(_ report: HubReport, now: Moment) -> String? {
        let current = Progress(
            version: report.version, unitsDone: report.unitsDone, crystalsDone: report.crystalsDone)
        let wanting = report.recipesInWant
        defer { recipesInWant = wanting }
        if !wanting.isSubset(of: recipesInWant) {
            progress = current
            next = now.advanced(by: Self.interval)
            return report.waitingText
        }
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
