import Coordination
import Foundation

/// What a simulated run came to, between its first step and its last: one JSON object.
struct FleetResult: Encodable {
    /// Shares of the time that each part was at work.
    struct Utilisation: Encodable {
        var workers: Double
        var actors: Double
        var hub: Double
        var learner: Double
        /// The line over which weights go to actors, or to relays.
        var uplink: Double
        /// The lines over which relays hand them on, on an average; nil without relays.
        var relays: Double?
    }

    /// The hub's thread.
    struct HubFigures: Encodable {
        var messagesPerSecond: Double
        /// Of frames in both directions, as simulated: weights apart.
        var megabytesPerSecond: Double
        /// Simulated, sockets included.
        var microsecondsPerMessage: Double
        var microsecondsPerCrystal: Double
        /// What the core took of this machine's processor while it was simulated; nil where the simulation is to be
        /// the same in every run.
        var measuredMicrosecondsPerMessage: Double?
        var measuredMicrosecondsPerCrystal: Double?
        /// Of a frame from its coming to the answers' leaving, milliseconds.
        var delayMillisecondsMedian: Double
        var delayMillisecondsP99: Double
    }

    /// Crystals by what became of them, since the start.
    struct Ledger: Encodable {
        var granted: Int
        var taken: Int
        var stale: Int
        var abandoned: Int
        /// Granted, and in no batch yet.
        var underWay: Int
        /// granted = taken + stale + abandoned + under way.
        var isBalanced: Bool
        var unitsRegranted: Int
        var tasksRequeued: Int
        var rejected: Int
    }

    var mode: String
    var workers: Int
    var workerThreads: Int
    var actors: Int
    var actorThreads: Int
    var relays: Int
    var sampleSeconds: Double
    var measureSeconds: Double
    var trainSeconds: Double
    var stepSeconds: Double
    var crystalsPerUnit: Int
    var crystalsPerTask: Int
    var crystalsPerBatch: Int
    var steps: Int
    /// Simulated.
    var seconds: Double
    var secondsPerStep: Double
    var crystalsPerSecond: Double
    /// If nothing but its own work held the part up, crystals/s.
    var limits: Limits
    var utilisation: Utilisation
    var hub: HubFigures
    var ledger: Ledger
    /// What bounds the run, and what to turn.
    var boundBy: String
    var problems: [String]?

    struct Limits: Encodable {
        var workers: Double
        var actors: Double
        var hub: Double
        var learner: Double
        /// Batches as fast as weights get to all actors, or relays.
        var uplink: Double
        /// Batches as fast as relays hand them on.
        var relays: Double?
    }

    /// - Parameters:
    ///   - before: when the first step was made.
    ///   - after: when the last one was made.
    init(_ simulation: FleetSimulation, from before: FleetSimulation.Tally, to after: FleetSimulation.Tally) {
        let model = simulation.model
        let seconds = max(after.seconds - before.seconds, 1e-9)
        let crystals = Double(max(1, after.crystals - before.crystals))
        let messages = Double(
            max(1, after.framesIn + after.framesOut - before.framesIn - before.framesOut))
        let hubSeconds = after.hub - before.hub
        let coreSeconds = after.core - before.core
        switch model.mode {
        case .synchronous: mode = "synchronous"
        case .asynchronous(let staleness): mode = "asynchronous, at most \(staleness) versions old"
        }
        (workers, workerThreads, actors, actorThreads) = (
            model.workers, model.workerThreads, model.actors, model.actorThreads
        )
        relays = model.relays
        (sampleSeconds, measureSeconds) = (model.sampleSeconds, model.measureSeconds)
        (trainSeconds, stepSeconds) = (model.trainSeconds, model.stepSeconds)
        (crystalsPerUnit, crystalsPerTask) = (model.crystalsPerUnit, model.crystalsPerTask)
        crystalsPerBatch = model.crystalsPerBatch
        steps = simulation.stepsMade - 1
        self.seconds = seconds
        secondsPerStep = seconds / Double(max(1, steps))
        crystalsPerSecond = crystals / seconds
        utilisation = Utilisation(
            workers: (after.measuring - before.measuring) / seconds / Double(model.workers * model.workerThreads),
            actors: (after.sampling - before.sampling) / seconds / Double(model.actors * model.actorThreads),
            hub: hubSeconds / seconds, learner: (after.training - before.training) / seconds,
            uplink: (after.uplink - before.uplink) / seconds,
            relays: model.relays == 0
                ? nil : (after.relayLines - before.relayLines) / seconds / Double(model.relays))
        let batch = Double(model.crystalsPerBatch)
        let copies = model.relays == 0 ? model.actors : model.relays
        let actorsOfARelay = (Double(model.actors) / Double(max(1, model.relays))).rounded(.up)
        limits = Limits(
            workers: Double(model.workers * model.workerThreads) / max(model.measureSeconds, 1e-9),
            actors: Double(model.actors * model.actorThreads) / max(model.sampleSeconds, 1e-9),
            hub: crystals / max(hubSeconds, 1e-9),
            learner: batch / max(batch * model.trainSeconds + model.stepSeconds, 1e-9),
            uplink: batch / max(Double(copies) * model.weightBytes / model.bandwidth, 1e-9),
            relays: model.relays == 0
                ? nil : batch / max(actorsOfARelay * model.weightBytes / model.relayBandwidth, 1e-9))
        hub = HubFigures(
            messagesPerSecond: messages / seconds,
            megabytesPerSecond: Double(after.bytes - before.bytes) / seconds / 1e6,
            microsecondsPerMessage: hubSeconds * 1e6 / messages, microsecondsPerCrystal: hubSeconds * 1e6 / crystals,
            measuredMicrosecondsPerMessage: nil, measuredMicrosecondsPerCrystal: nil,
            delayMillisecondsMedian: simulation.hubDelays.quantile(0.5) * 1e3,
            delayMillisecondsP99: simulation.hubDelays.quantile(0.99) * 1e3)
        if case .measured = model.hubCost {
            hub.measuredMicrosecondsPerMessage = coreSeconds * 1e6 / messages
            hub.measuredMicrosecondsPerCrystal = coreSeconds * 1e6 / crystals
        }
        ledger = Ledger(simulation.hub.snapshot())
        boundBy =
            FleetBound(
                utilisation: utilisation, limits: limits, crystalsPerSecond: crystalsPerSecond,
                isSynchronous: model.mode == .synchronous
            ).text
        problems = simulation.problems.isEmpty ? nil : simulation.problems
    }
}

extension FleetResult.Ledger {
    init(_ state: HubReport) {
        let counters = state.counters
        granted = counters.crystalsGranted
        taken = counters.crystalsTaken
        stale = counters.staleCrystals
        abandoned = counters.abandonedCrystals
        underWay = state.crystalsUnderWay + state.crystalsDone - state.crystalsUngranted
        isBalanced = granted == taken + stale + abandoned + underWay
        unitsRegranted = counters.unitsRegranted
        tasksRequeued = counters.tasksRequeued
        rejected = counters.rejectedMessages.values.reduce(0, +)
    }
}
