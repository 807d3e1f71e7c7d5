package import Base
package import Protocol
package import Trajectories

/// The work of an evaluation at a learner: it asks for items to be measured, and takes their results.
///
/// Whatever a lost connection, or a full queue, may have swallowed is asked for again; the learner knows items by their
/// numbers.
package struct EvaluationWork: PeerWork {
    /// Never handed out.
    package typealias Job = NumberedItem
    /// An item to have measured.
    package typealias Output = NumberedItem

    package static let role = PeerRole.evaluation
    /// After this long without a result an item is asked for again.
    private static let patience = Duration.seconds(120)
    /// Atoms of a message.
    private static let atomsPerMessage = 8192
    /// Of items and atoms that a hub holds it is asked for half at a time: what is asked for again may count twice
    /// there, until its results are here.
    private static let (itemsAtATime, atomsAtATime) = (WireLimits.otherItems / 2, WireLimits.otherAtoms / 2)

    private let recipes: WorkRecipes
    private let deliver: @Sendable ([NumberedResult]) -> Void
    private var open: [Int: NumberedItem] = [:]
    /// Those of them that the learner was asked for, and their atoms.
    private var asking: Set<Int> = []
    private var askingAtoms = 0
    /// When items were asked for last; those that were not yet are not in it.
    private var asked = Schedule<Int>()
    private var unsent: [Int] = []

    /// - Parameter deliver: takes results, each item's first.
    package init(recipes: WorkRecipes, deliver: @escaping @Sendable ([NumberedResult]) -> Void) {
        self.recipes = recipes
        self.deliver = deliver
    }

    package mutating func joined(_ welcome: Welcome, _ session: inout PeerSession) {
        session.send(.workRecipes(recipes))
        asked = Schedule()
        (asking, askingAtoms) = ([], 0)
        unsent = open.keys.sorted()
    }

    package mutating func receive(_ message: HubMessage, _ session: inout PeerSession) {
        guard case .workResults(let results) = message else { return }
        let new = results.filter { result in
            guard let item = open.removeValue(forKey: result.number) else { return false }
            if asking.remove(result.number) != nil { askingAtoms -= item.item.atomCount }
            return true
        }
        if !new.isEmpty { deliver(new) }
    }

    package mutating func finished(_ output: NumberedItem, _ session: inout PeerSession) {
        // The learner would not take it.
        if let problem = Admission.problem(of: output.item) {
            let result = MeasuringResult(outcome: .failed(.engine(problem)), seconds: 0)
            deliver([NumberedResult(number: output.number, result: result)])
            return
        }
        open[output.number] = output
        unsent.append(output.number)
    }

    package mutating func giveBack(_ session: inout PeerSession) {}

    package mutating func takeJobs(_ session: inout PeerSession, now: Moment) -> [NumberedItem] { [] }

    package mutating func dueResults(now: Moment) -> [PeerMessage] {
        let deadline = now.advanced(by: .zero - Self.patience)
        let again = asked.takeDue {
            $0 < deadline
        } moment: { [open] number, moment in
            open[number] == nil ? nil : moment
        }
        // The learner may not have them either.
        var messages: [PeerMessage] = again.isEmpty ? [] : [.workRecipes(recipes)]
        var (part, atoms): ([NumberedItem], Int) = ([], 0)
        for item in again.compactMap({ open[$0] }) + takeUnsent() {
            asked.insert(item.number, at: now)
            part.append(item)
            atoms += item.item.atomCount
            guard atoms >= Self.atomsPerMessage else { continue }
            messages.append(.work(part))
            (part, atoms) = ([], 0)
        }
        if !part.isEmpty { messages.append(.work(part)) }
        return messages
    }

    /// Items that the learner was not asked for, as many as it may be.
    private mutating func takeUnsent() -> [NumberedItem] {
        var items: [NumberedItem] = []
        var count = 0
        for number in unsent {
            if let item = open[number] {
                let atoms = item.item.atomCount
                guard asking.count < Self.itemsAtATime, askingAtoms + atoms <= Self.atomsAtATime else { break }
                asking.insert(number)
                askingAtoms += atoms
                items.append(item)
            }
            count += 1
        }
        unsent.removeFirst(count)
        return items
    }

    package func readiness(threads: Int) -> Readiness { Readiness(window: 0) }

    package func wait(_ session: PeerSession) -> PeerWait? {
        // The number is part of the name: with each result it waits for another thing.
        open.isEmpty ? nil : PeerWait(what: "the learner's workers to measure \(open.count) items")
    }

    package var load: PeerLoad {
        PeerLoad(version: 0, waiting: unsent.count, working: 0, unacknowledged: 0, resent: 0)
    }
}

package typealias EvaluationCore = PeerCore<EvaluationWork>
