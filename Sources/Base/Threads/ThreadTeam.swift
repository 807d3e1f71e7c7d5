import Synchronization

/// A number of plain threads that work through numbered pieces of a job together.
///
/// Which thread takes which piece is left to chance, so a piece may depend on its number alone.
package struct ThreadTeam: Sendable {
    package let threadCount: Int

    /// - Parameter threadCount: at least one is used.
    package init(threadCount: Int) { self.threadCount = max(1, threadCount) }

    /// The cores that this process may use, by affinity, quotas of control groups and Slurm.
    package static var availableCores: Int { CoreBudget.available }

    /// Runs `body(piece, thread)` for every piece in 0..<count and returns when all are done.
    package func forEach(_ count: Int, _ body: @escaping @Sendable (_ piece: Int, _ thread: Int) -> Void) {
        let workers = min(threadCount, count)
        if workers <= 1 {
            for piece in 0..<count { body(piece, 0) }
            return
        }
        let queue = PieceQueue(count: count)
        let others = (1..<workers).map { thread in
            RoleThread(name: "team \(thread)") {
                while let piece = queue.next() { body(piece, thread) }
            }
        }
        while let piece = queue.next() { body(piece, 0) }
        for thread in others { thread.join() }
    }
}

/// Hands out 0..<count, each number once.
private final class PieceQueue: Sendable {
    private let taken = Atomic<Int>(0)
    private let count: Int

    init(count: Int) { self.count = count }

    func next() -> Int? {
        let piece = taken.wrappingAdd(1, ordering: .relaxed).oldValue
        return piece < count ? piece : nil
    }
}
