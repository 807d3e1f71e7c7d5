import Coordination

/// What a simulated fleet consists of and how long its work takes, all as given.
struct FleetModel: Sendable {
    /// What a message costs the hub's thread.
    enum HubCost: Sendable {
        /// The processor time that its core takes here and now, and this much more for each frame in or out, seconds:
        /// what sockets cost.
        case measured(perFrame: Double)
        /// So much for each frame in or out, and for each of its bytes, seconds: the same in every run of a seed.
        case given(perFrame: Double, perByte: Double)
    }

    var mode = LearnerConfiguration.Mode.synchronous
    var actors = 10
    var workers = 100
    /// Threads of each actor and of each worker.
    var actorThreads = 1
    var workerThreads = 1
    /// Of one thread for a crystal, seconds.
    var sampleSeconds = 0.002
    var measureSeconds = 0.0003
    /// Of the learner for a crystal of a batch, seconds, all its threads together.
    var trainSeconds = 0.001
    /// Of the learner for a step, whatever its size, seconds: archive, checkpoint.
    var stepSeconds = 0.1
    /// Times of units and tasks are drawn evenly from 1 - spread to 1 + spread times the given.
    var spread = 0.3
    /// Of a message on its way, seconds.
    var latencySeconds = 0.0002
    /// A version's weights, bytes.
    var weightBytes = 20e6
    /// Of the learner's machine towards all actors together, bytes a second.
    var bandwidth = 1.25e9
    /// Of the hub's thread for a byte of weights sent, seconds.
    var weightSecondsPerByte = 1.5e-10
    /// Relays between the learner and the actors, who belong to them in turn; 0: actors pull from the learner.
    var relays = 0
    /// Of each relay's machine towards all of its actors together, bytes a second.
    var relayBandwidth = 1.25e9
    /// Of an actor to load weights that came, seconds.
    var loadSeconds = 0.05
    var hubCost = HubCost.measured(perFrame: 5e-6)
    var crystalsPerUnit = 32
    var crystalsPerTask = 8
    var crystalsPerBatch = 4096
    var steps = 5
    var seed: UInt64 = 1
    /// The simulation ends with what it has after so much simulated time, seconds.
    var secondsLimit = 1e6

    /// What is wrong with the numbers, in words; empty if nothing.
    var problems: [String] {
        var problems: [String] = []
        func check(_ condition: Bool, _ problem: String) {
            if !condition { problems.append(problem) }
        }
        check(workers >= 1 && actors >= 1, "there must be an actor and a reward worker at least")
        check(
            workers >= 1 && actors >= 1 && workers + actors + min(max(0, relays), actors) <= PeerTable.capacity,
            "the hub takes at most \(PeerTable.capacity) actors, reward workers and relays together")
        check(relays >= 0 && relays <= actors, "there must be at least 0 relays, and no more of them than actors")
        check(relayBandwidth > 0 && relayBandwidth.isFinite, "the bandwidth of relays must be positive")
        check(
            (1...1024).contains(actorThreads) && (1...1024).contains(workerThreads), "threads must be in 1...1024")
        let times = [sampleSeconds, measureSeconds, trainSeconds, stepSeconds, latencySeconds, loadSeconds]
        check(times.allSatisfy { $0 >= 0 && $0 <= 1e5 }, "times must be in 0...100000 s")
        check(spread >= 0 && spread < 1, "the spread must be at least 0 and below 1")
        check(weightBytes >= 0 && weightBytes <= 1e12, "the weights must have 0...1e12 bytes")
        check(bandwidth > 0 && bandwidth.isFinite, "the bandwidth must be positive")
        check((2...1_000_000).contains(steps), "steps must be in 2...1000000: the first one is the start")
        check(secondsLimit > 0 && secondsLimit.isFinite, "the longest simulated time must be positive")
        return problems
    }
}
