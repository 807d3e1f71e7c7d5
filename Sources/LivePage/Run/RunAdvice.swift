internal import Base
internal import Foundation
internal import Telemetry

/// What holds a run up, in words.
package struct RunAdvice: Sendable, Equatable {
    /// What the run waits for most.
    package enum Bottleneck: String, Sendable {
        case learner, actors
        case rewardWorkers = "reward_workers"
        case balanced, unknown
    }

    package var bottleneck: Bottleneck
    /// One sentence.
    package var headline: String
    /// What it rests on, and what would help; a sentence each.
    package var details: [String]

    package init(_ bottleneck: Bottleneck, _ headline: String, _ details: [String] = []) {
        self.bottleneck = bottleneck
        self.headline = headline
        self.details = details
    }

    var json: JSONValue {
        .object([
            ("bottleneck", .text(bottleneck.rawValue)), ("headline", .text(headline)),
            ("details", .list(details.map { .text($0) })),
        ])
    }
}

extension RunAdvice {
    /// So many steps are looked at, the newest.
    private static let window = 10
    /// Whoever takes at least this share of the time is the bottleneck.
    private static let largeShare = 0.6

    /// What the records of a run say, where no learner says more.
    ///
    /// - Parameters:
    ///   - records: Of all steps, in order.
    ///   - busy: The share of the time that actors and reward workers work, 0...1, as their last lines say.
    ///   - wanted: How many the learner could use, as it said last.
    static func recorded(
        _ records: [StepRecord], isAsynchronous: Bool, isRunning: Bool, busy: (actors: Double?, rewardWorkers: Double?),
        wanted: (actors: Int, rewardWorkers: Int)?
    ) -> RunAdvice {
        // The first step is made while models load.
        let recent = records.dropFirst(records.count > 3 ? 1 : 0).suffix(window)
        let total = recent.reduce(0) { $0 + $1.seconds.total }
        guard let last = recent.last, total > 0 else {
            return RunAdvice(.unknown, isRunning ? "No step is made yet." : "No step was made.")
        }
        let (tense, was) = isRunning ? ("is", "has") : ("was", "had")
        let training = recent.reduce(0) { $0 + $1.seconds.train + $1.seconds.checkpoint } / total
        let waiting = min(1, recent.reduce(0) { $0 + $1.seconds.wait } / total)
        let span = recent.count == 1 ? "the last step" : "the last \(recent.count) steps"
        var details: [String] = []
        if let actors = busy.actors, let workers = busy.rewardWorkers {
            details.append("Actors work \(share(actors)) of the time, reward workers \(share(workers)).")
        }
        if training >= largeShare {
            if isAsynchronous {
                details.append("More cores for the learner (threads) or fewer epochs would help.")
            } else {
                details.append("mode: asynchronous lets actors and reward workers go on meanwhile.")
            }
            let meanwhile = isAsynchronous ? "" : ", while actors and reward workers waited for its weights"
            return RunAdvice(
                .learner,
                "The learner \(tense) the bottleneck: it trained for \(share(training)) of \(span)\(meanwhile); more "
                    + "of them would not help.", details)
        }
        guard waiting >= largeShare else {
            return RunAdvice(
                .balanced, "Nothing holds the run up: the learner trained for \(share(training)) of \(span).", details)
        }
        let areWorkers = (busy.rewardWorkers ?? last.seconds.score) > (busy.actors ?? last.seconds.sample)
        let (name, present, needed) =
            areWorkers
            ? ("reward workers", last.workers.rewardWorkers, wanted?.rewardWorkers)
            : ("actors", last.workers.actors, wanted?.actors)
        let advice = needed.map { $0 > present ? ": add \($0 - present)" : "" } ?? ""
        let verb = isRunning ? "are" : "were"
        details.insert(
            "The learner waited for crystals for \(share(waiting)) of \(span).", at: 0)
        if let needed, needed > present {
            details.append("The run could use \(needed) \(name) like the \(present) that it \(was).")
        }
        return RunAdvice(
            areWorkers ? .rewardWorkers : .actors,
            "\(name.prefix(1).uppercased() + name.dropFirst()) \(verb) the bottleneck\(advice).", details)
    }

    private static func share(_ value: Double) -> String { "\(HumanFormat.fixed(min(1, value) * 100, decimals: 0))%" }
}
