import Base
import Synchronization
import Trajectories

/// Hands crystals to the observer as they get their outcomes, on a thread of its own: they are kept while a step is
/// made, too, however long that takes.
final class OutcomeKeeper: Sendable {
    /// What is handed over last may have to wait for a slow disk so long.
    private static let patience = Duration.seconds(60)

    private let failure: Failure
    private let thread: RoleThread

    /// What the observer threw first.
    private final class Failure: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    init(of hub: Hub, observer: any RunObserver) {
        let (finished, failure) = (hub.finished, Failure())
        self.failure = failure
        thread = RoleThread(name: "outcomes") {
            while !finished.isExhausted {
                guard let crystals = finished.receive(timeout: .seconds(1)),
                    failure.error.withLock({ $0 == nil })
                else { continue }
                do { try observer.crystalsFinished(crystals) } catch {
                    failure.error.withLock { $0 = error }
                }
            }
        }
    }

    /// Throws what the observer threw.
    func check() throws {
        if let error = failure.error.withLock({ $0 }) { throw error }
    }

    /// Waits until all is kept that the hub handed out before it ended.
    func finish() throws {
        guard thread.join(timeout: Self.patience) else {
            throw RoleError.io("what was measured last could not be kept within \(Self.patience)")
        }
        try check()
    }
}
