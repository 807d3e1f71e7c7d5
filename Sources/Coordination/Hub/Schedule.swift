import Base
import HeapModule

/// Keys in the order of the moments at which something is due.
///
/// A key whose moment moves later, or that is forgotten, stays where it is: its moment is asked for when it comes to
/// the front. So a peer that speaks, and a lease that ends in time, cost nothing here.
struct Schedule<Key: Comparable & Sendable>: Sendable {
    private struct Entry: Comparable, Sendable {
        /// The key is due at this moment at the earliest.
        var moment: Moment
        var key: Key

        static func < (left: Entry, right: Entry) -> Bool { (left.moment, left.key) < (right.moment, right.key) }
    }

    private var heap = Heap<Entry>()

    /// Adds a key that is not there.
    ///
    /// - Complexity: O(log n).
    mutating func insert(_ key: Key, at moment: Moment) { heap.insert(Entry(moment: moment, key: key)) }

    /// Takes out the keys that are due.
    ///
    /// - Parameters:
    ///   - isDue: Whether something of this moment is due; if it is, so is everything before.
    ///   - moment: The moment of a key as of now, which is never earlier than the one given, with which it was
    ///     inserted; nil if it is forgotten.
    /// - Complexity: O(k log n), k being the keys that were due when they were inserted.
    mutating func takeDue(_ isDue: (Moment) -> Bool, moment: (Key, Moment) -> Moment?) -> [Key] {
        var due: [Key] = []
        var later: [Entry] = []
        while let first = heap.min, isDue(first.moment) {
            heap.removeMin()
            guard let current = moment(first.key, first.moment) else { continue }
            if isDue(current) {
                due.append(first.key)
            } else {
                later.append(Entry(moment: current, key: first.key))
            }
        }
        for entry in later { heap.insert(entry) }
        dropForgotten { moment($0, $1) == nil }
        return due
    }

    /// Takes out the key that is due first.
    mutating func removeFirst() {
        if !heap.isEmpty { heap.removeMin() }
    }

    /// Drops the keys at the front that are forgotten, so that ``first`` is none of them.
    ///
    /// - Complexity: O(log n) for each key dropped.
    mutating func dropForgotten(_ isForgotten: (Key, Moment) -> Bool) {
        while let first = heap.min, isForgotten(first.key, first.moment) { heap.removeMin() }
    }

    /// Drops all keys that are forgotten once they are more than the others, which lie behind one that is not.
    ///
    /// - Parameter count: of the keys that are not forgotten, at most.
    /// - Complexity: O(1), amortised.
    mutating func sweep(keeping count: Int, _ isForgotten: (Key, Moment) -> Bool) {
        guard heap.count > 2 * count + Self.sweepSlack else { return }
        heap = Heap(heap.unordered.filter { !isForgotten($0.key, $0.moment) })
    }

    /// So many more may be forgotten.
    static var sweepSlack: Int { 64 }

    /// The key that is due first, and when at the earliest.
    var first: (key: Key, moment: Moment)? { heap.min.map { ($0.key, $0.moment) } }

    /// All keys, in no order, for checks of invariants.
    var entries: [(key: Key, moment: Moment)] { heap.unordered.map { ($0.key, $0.moment) } }
}
