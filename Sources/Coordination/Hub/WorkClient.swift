internal import Crystals
internal import Protocol
internal import Trajectories

/// An evaluation that has items measured by the workers of a learner.
struct WorkClient: Sendable {
    let session: SessionID
    /// Told once; until then it has nothing measured.
    var recipes: [MeasuringRecipe] = []
    /// Of its tasks; nil: as the run's.
    var itemsPerTask: Int?
    /// The hub's numbers by the evaluation's own, of items that are not measured yet.
    private(set) var known: [Int: Int] = [:]
    private var open: [Int: Open] = [:]
    private var waitingAtoms = 0
    /// Results that did not fit into the queue towards it.
    var outbox: [NumberedResult] = []

    /// An item that is not measured yet, by the hub's number.
    private struct Open: Sendable {
        /// The evaluation's own.
        var number: Int
        var atoms: Int
    }

    init(session: SessionID) { self.session = session }

    /// Items without a result, and results that it has not taken.
    var openCount: Int { open.count + outbox.count }
    /// Atoms of those.
    ///
    /// - Complexity: O(results that it has not taken).
    var openAtoms: Int { outbox.reduce(waitingAtoms) { $0 + $1.atomCount } }

    /// Takes in an item, under a number of the hub.
    mutating func begin(_ item: NumberedItem, as number: Int) {
        let atoms = item.item.atomCount
        open[number] = Open(number: item.number, atoms: atoms)
        known[item.number] = number
        waitingAtoms += atoms
    }

    /// Keeps the result of an item until it is sent.
    mutating func finish(_ work: FinishedWork) {
        guard let item = open.removeValue(forKey: work.number) else { return }
        waitingAtoms -= item.atoms
        known[item.number] = nil
        outbox.append(NumberedResult(number: item.number, result: work.result))
    }
}

extension NumberedResult {
    fileprivate var atomCount: Int {
        guard case .measured(let measurement) = result.outcome else { return 0 }
        return measurement.relaxedAtoms?.structure.atomCount ?? 0
    }
}
