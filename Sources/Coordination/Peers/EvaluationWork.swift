package import Base
internal import Crystals
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

    private let recipes: WorkRecipes
    private let deliver: @Sendable ([NumberedResult]) -> Void
    private var open: [Int: NumberedItem] = [:]
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
        unsent = open.keys.sorted()
    }

    package mutating func receive(_ message: HubMessage, _ session: inout PeerSession) {
        guard case .workResults(let results) = message else { return }
        let new = results.filter { open.removeValue(forKey: $0.number) != nil }
        if !new.isEmpty { deliver(new) }
    }

    package mutating func finished(_ output: NumberedItem, _ session: inout PeerSession) {
        open[output.number] = output
        unsent.append(output.number)
    }

    package mutating func giveBack(_ session: inout PeerSession) {}

    package mutating func takeJobs(_ session: inout PeerSession, now: Moment) -> [NumberedItem] { [] }

    package mutating func dueResults(now: Moment) -> [PeerMessage] {
        let deadline = now.advanced(by: .zero - Self.patience)
        unsent += asked.takeDue {
            $0 < deadline
        } moment: { [open] number, moment in
            open[number] == nil ? nil : moment
        }
        var messages: [PeerMessage] = []
        var (part, atoms): ([NumberedItem], Int) = ([], 0)
        for number in unsent {
            guard let item = open[number] else { continue }
            asked.insert(number, at: now)
            part.append(item)
            atoms += item.item.size
            guard atoms >= Self.atomsPerMessage else { continue }
            messages.append(.work(part))
            (part, atoms) = ([], 0)
        }
        if !part.isEmpty { messages.append(.work(part)) }
        unsent.removeAll()
        return messages
    }

    package func readiness(threads: Int) -> Readiness { Readiness(window: 0) }

    package var load: PeerLoad {
        PeerLoad(version: 0, waiting: unsent.count, working: 0, unacknowledged: 0, resent: 0)
    }
}

package typealias EvaluationCore = PeerCore<EvaluationWork>

extension WorkItem {
    /// Sites or atoms.
    fileprivate var size: Int {
        switch form {
        case .crystal(let crystal, _): crystal.sites.count
        case .atoms(let structure): structure.atomCount
        }
    }
}
