import Foundation

/// What bounds a run, in words: the part that is always at work, or the phases that wait for one another.
struct FleetBound {
    /// From this share on a part is always at work.
    private static let full = 0.85

    let utilisation: FleetResult.Utilisation
    let limits: FleetResult.Limits
    let crystalsPerSecond: Double
    let isSynchronous: Bool

    private enum Part: CaseIterable {
        case hub, learner, uplink, relays, workers, actors
    }

    private func advice(_ part: Part) -> String {
        switch part {
        case .hub: "the hub's thread: more crystals a unit and a task, then a second run beside this one"
        case .learner: "training: more threads for the learner, fewer epochs a step"
        case .uplink where utilisation.relays != nil:
            "the line over which weights go to relays: fewer relays, larger batches, a faster line at the learner"
        case .uplink:
            "the line over which weights go to actors: fewer actors of more threads each, larger batches, a faster "
                + "line at the learner, relays"
        case .relays:
            "the lines over which relays hand weights on: more relays, faster lines at them, larger batches"
        case .workers: "measuring: more reward workers"
        case .actors: "sampling: more actors"
        }
    }

    private func share(_ part: Part) -> Double {
        switch part {
        case .hub: utilisation.hub
        case .learner: utilisation.learner
        case .uplink: utilisation.uplink
        case .relays: utilisation.relays ?? 0
        case .workers: utilisation.workers
        case .actors: utilisation.actors
        }
    }

    private func limit(_ part: Part) -> Double {
        switch part {
        case .hub: limits.hub
        case .learner: limits.learner
        case .uplink: limits.uplink
        case .relays: limits.relays ?? .infinity
        case .workers: limits.workers
        case .actors: limits.actors
        }
    }

    var text: String {
        let busiest = Part.allCases.max { share($0) < share($1) } ?? .hub
        if share(busiest) >= Self.full { return "\(percent(share(busiest))) at work: \(advice(busiest))" }
        // Of those that nothing is left of, the one that could do least.
        let slowest = Part.allCases.min { limit($0) < limit($1) } ?? .hub
        let rate = String(format: "%.0f", limit(slowest))
        let part = "the slowest part could do \(rate) crystals/s and is \(percent(share(slowest))) at work; "
        if isSynchronous {
            return "phases that wait for one another (training takes \(percent(utilisation.learner)) of a version): "
                + part + "asynchronous mode, larger batches; then \(advice(slowest))"
        }
        return "what is under way is too little to keep it at work: " + part
            + "more versions of staleness, larger batches, smaller units and tasks; then \(advice(slowest))"
    }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}
