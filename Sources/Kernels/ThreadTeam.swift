internal import Foundation
internal import Synchronization

/// A number of plain threads that work through numbered pieces of a job together.
///
/// Which thread takes which piece is left to chance, so a piece may depend on its number alone.
package struct ThreadTeam: Sendable {
    package let threadCount: Int

    /// - Parameter threadCount: at least one is used.
    package init(threadCount: Int) { self.threadCount = max(1, threadCount) }

    /// The cores that this process may use: `SLURM_CPUS_PER_TASK` if set, else those of the machine.
    package static var availableCores: Int {
        if let text = ProcessInfo.processInfo.environment["SLURM_CPUS_PER_TASK"], let count = Int(text), count > 0 {
            return count
        }
        return ProcessInfo.processInfo.activeProcessorCount
    }

    /// Runs `body(piece, thread)` for every piece in 0..<count and returns when all are done.
    package func forEach(_ count: Int, _ body: @Sendable (_ piece: Int, _ thread: Int) -> Void) {
        let workers = min(threadCount, count)
        if workers <= 1 {
            for piece in 0..<count { body(piece, 0) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            let group = DispatchGroup()
            @Sendable func work(_ thread: Int) {
                while true {
                    let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if piece >= count { return }
                    body(piece, thread)
                }
            }
            withoutActuallyEscaping(work) { work in
                for thread in 1..<workers {
                    group.enter()
                    let worker = Thread {
                        work(thread)
                        group.leave()
                    }
                    worker.stackSize = 8 << 20
                    worker.start()
                }
                work(0)
                group.wait()
            }
        }
    }
}
