internal import Base
internal import Foundation
internal import Trajectories

/// The engines that the workers of a hub have brought, by name. Safe to use from any thread.
final class BroughtEngines: @unchecked Sendable {
    /// Results and the news of who makes them come by different ways: how long the one may be behind the other, s.
    private static let patience = 5.0

    // Guarded by `condition`.
    private var engines: [String: BroughtEngine] = [:]
    private let condition = NSCondition()

    func add(_ engine: BroughtEngine) {
        condition.withLock {
            engines[engine.name] = engine
            condition.broadcast()
        }
    }

    /// That of a name, also where it is told of in a moment; nil where none is.
    func wait(for name: String) -> BroughtEngine? {
        condition.withLock {
            let deadline = Date(timeIntervalSinceNow: Self.patience)
            while engines[name] == nil, condition.wait(until: deadline) {}
            return engines[name]
        }
    }
}
