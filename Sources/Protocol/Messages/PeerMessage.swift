package import Base
package import Trajectories

/// What a peer says to the hub.
package enum PeerMessage: Sendable, Hashable {
    case hello(Hello)
    case heartbeat(Readiness)
    case goodbye(String)
    case report(RoleReport)
    case manifestRequest(Digest)
    case chunkRequest(Digest, index: Int)
    case unitResult(UnitResult)
    case unitReturn(UnitReturn)
    case taskResult(TaskResult)
    case taskReturn(TaskReturn)
    /// Of an evaluation.
    case workRecipes(WorkRecipes)
    /// Of an evaluation.
    case work([NumberedItem])
}

/// A login.
package struct Hello: Sendable, Hashable {
    package var peer: PeerDescription
    /// Drawn at random when the process starts.
    package var instance: UInt64

    package init(peer: PeerDescription, instance: UInt64) {
        self.peer = peer
        self.instance = instance
    }
}

/// What a peer is ready for.
package struct Readiness: Sendable, Hashable {
    /// How many units or tasks it wants to hold at once; 0 while it drains.
    package var window: Int
    /// The weights in use; nil for reward workers, and before the first are loaded.
    package var policy: Digest?
    package var reference: Digest?
    /// The recipes that a reward worker measures by; empty: the one that decides.
    package var recipes: [Digest]
    /// The engine that a reward worker was started with; nil for the program's own, and before it has started.
    package var engine: BroughtEngine?

    package init(window: Int, policy: Digest? = nil, reference: Digest? = nil, recipes: [Digest] = []) {
        self.window = window
        self.policy = policy
        self.reference = reference
        self.recipes = recipes
    }
}

/// A sampled unit.
package struct UnitResult: Sendable, Hashable {
    package var run: String
    package var version: PolicyVersion
    package var unit: Int
    /// The weights it was sampled with.
    package var policy: Digest
    package var crystals: [SampledCrystal]
    package var seconds: Double

    package init(
        run: String, version: PolicyVersion, unit: Int, policy: Digest, crystals: [SampledCrystal], seconds: Double
    ) {
        self.run = run
        self.version = version
        self.unit = unit
        self.policy = policy
        self.crystals = crystals
        self.seconds = seconds
    }
}

/// A unit that its actor gives back.
package struct UnitReturn: Sendable, Hashable {
    package var version: PolicyVersion
    package var unit: Int
    /// Whether sampling failed, rather than the actor leaving.
    package var failed: Bool
    package var reason: String

    package init(version: PolicyVersion, unit: Int, failed: Bool, reason: String) {
        self.version = version
        self.unit = unit
        self.failed = failed
        self.reason = reason
    }
}

/// What came of a task: a result for each of its items, in their order.
package struct TaskResult: Sendable, Hashable {
    /// The hub's life that gave out the task.
    package var epoch: UInt64
    package var task: UInt64
    package var results: [MeasuringResult]

    package init(epoch: UInt64, task: UInt64, results: [MeasuringResult]) {
        self.epoch = epoch
        self.task = task
        self.results = results
    }
}

/// A task that its worker gives back.
package struct TaskReturn: Sendable, Hashable {
    package var epoch: UInt64
    package var task: UInt64
    package var reason: String

    package init(epoch: UInt64, task: UInt64, reason: String) {
        self.epoch = epoch
        self.task = task
        self.reason = reason
    }
}
