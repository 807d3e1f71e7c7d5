internal import Base

/// How long tasks of one kind, or units, take from their lease to their result, learned from those that came: when a
/// lease is over, and which task is late.
///
/// What is said of tasks and workers holds for units and actors. Of all workers the 95th percentile of the last
/// results counts, of one worker its own slow ones as well, so that a slow machine in a fast fleet is not taken for a
/// stuck one. Nothing is learned before there are some results. A worker without results of its own, whose engine may
/// still be loading a model, has all the time that is configured.
package struct ServiceTimes: Sendable {
    /// Nothing is learned from fewer results.
    package static let needed = 20
    /// Nothing is learned of a worker from fewer.
    package static let neededOfWorker = 3
    /// A lease is over after so many times what is usual, but not before the shortest deadline: a busy machine
    /// stands still for a second or two.
    package static let deadlineFactor = 4.0
    package static let shortestDeadline = Duration.seconds(3)
    /// A task is late after so many times what is usual.
    package static let lateFactor = 2.0
    package static let shortestLateness = Duration.seconds(1)

    /// Of the last so many results the percentile is taken, anew after some more.
    private static let kept = 128
    private static let share = 0.95
    private static let interval = 8

    private struct Worker: Sendable {
        var results = 0
        /// The slowest of the last results, seconds; the weight of earlier ones falls.
        var slow = 0.0
    }

    /// The last results, seconds; the oldest is at ``next`` once there are enough.
    private var recent: [Double] = []
    private var next = 0
    private var count = 0
    private var workers: [InstanceID: Worker] = [:]
    /// What nearly all tasks take, seconds; nil before enough of them were seen.
    package private(set) var usual: Double?

    package init() {}

    /// Notes how long a task took.
    ///
    /// - Complexity: O(1), but for every eighth time.
    package mutating func note(_ time: Duration, of instance: InstanceID) {
        let seconds = max(0, time.seconds)
        if recent.count < Self.kept {
            recent.append(seconds)
        } else {
            recent[next] = seconds
            next = (next + 1) % Self.kept
        }
        count += 1
        var worker = workers[instance] ?? Worker()
        worker.results += 1
        worker.slow = max(seconds, 0.9 * worker.slow)
        workers[instance] = worker
        guard count >= Self.needed, usual == nil || count % Self.interval == 0 else { return }
        let sorted = recent.sorted()
        usual = sorted[min(sorted.count - 1, Int(Self.share * Double(sorted.count)))]
    }

    /// Forgets a worker, which may come back with another engine, or with one that is cold.
    package mutating func forget(_ instance: InstanceID) { workers[instance] = nil }

    /// How long a worker may keep a task.
    ///
    /// - Parameter lease: as configured, which is the longest time.
    package func deadline(of instance: InstanceID, atMost lease: Duration) -> Duration {
        guard let usual, let worker = workers[instance], worker.results >= Self.neededOfWorker else { return lease }
        let learned = Duration.seconds(Self.deadlineFactor * max(usual, worker.slow))
        return min(lease, max(Self.shortestDeadline, learned))
    }

    /// After how long a task is late, whoever has it; nil before that is known.
    package var lateness: Duration? {
        usual.map { max(Self.shortestLateness, .seconds(Self.lateFactor * $0)) }
    }
}
