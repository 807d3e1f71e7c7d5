internal import Archive
package import Base
package import Foundation
package import Telemetry

/// A run in a few numbers and words.
package struct RunOverview: Sendable {
    package let key: String
    package let name: String
    let manifest: RunManifest
    package let condition: RunCondition
    package let records: [StepRecord]
    /// How many versions it is to make; nil if that is not known.
    package internal(set) var versions: Int?
    var isAsynchronous = false
    var potential = ""
    /// Those that have an outcome.
    package internal(set) var crystals = 0
    var queues: [String: Int] = [:]
    var wanted: (actors: Int, rewardWorkers: Int)?
    /// Who is there now, where a learner says so.
    var present: (actors: Int, rewardWorkers: Int)?
    /// When it was evaluated last; nil if it was not.
    var evaluatedAt: Date?
    var advice = RunAdvice()

    init(key: String, name: String, manifest: RunManifest, condition: RunCondition, records: [StepRecord]) {
        self.key = key
        self.name = name
        self.manifest = manifest
        self.condition = condition
        self.records = records
    }

    /// The means of the first and of the last steps, so many each.
    private static let period = 5

    /// A mean over some steps, by the crystals of each.
    private func mean(_ records: some Collection<StepRecord>, _ value: (StepRecord) -> Double?) -> Double? {
        let parts = records.compactMap { record in value(record).map { ($0, Double(max(1, record.crystals))) } }
        let weight = parts.reduce(0) { $0 + $1.1 }
        return parts.isEmpty ? nil : parts.reduce(0) { $0 + $1.0 * $1.1 } / weight
    }

    private func first(_ value: (StepRecord) -> Double?) -> Double? {
        mean(records.prefix(min(Self.period, max(1, records.count / 2))), value)
    }

    private func latest(_ value: (StepRecord) -> Double?) -> Double? {
        mean(records.suffix(min(Self.period, max(1, records.count / 2))), value)
    }

    /// The share of stable crystals in the last steps; nil without a step.
    package var stable: Double? { latest(\.stableFraction) }
    /// The mean reward of the last steps.
    package var reward: Double? { latest(\.rewardMean) }
    /// The time of all steps, without that between a stop and a resume, s.
    package var seconds: Double { records.reduce(0) { $0 + $1.seconds.total } }
    package var startedAt: Date { manifest.createdAt }
    package var runID: String { manifest.runID }

    /// Crystals a second over the last steps.
    package var rate: Double? {
        let recent = records.suffix(Self.period)
        let seconds = recent.reduce(0) { $0 + $1.seconds.total }
        return seconds > 0 ? Double(recent.reduce(0) { $0 + $1.crystals }) / seconds : nil
    }

    /// The time until the last version at the pace of the last steps, s; nil where none is to be made.
    package var remaining: Double? {
        guard condition == .running, let versions, versions > records.count, !records.isEmpty else { return nil }
        let recent = records.suffix(10)
        return recent.reduce(0) { $0 + $1.seconds.total } / Double(recent.count) * Double(versions - records.count)
    }

    /// The standard error of ``stable``.
    private var stableError: Double? {
        guard let stable else { return nil }
        let count = records.suffix(min(Self.period, max(1, records.count / 2))).reduce(0) { $0 + $1.crystals }
        return count > 0 ? max(0, stable * (1 - stable) / Double(count)).squareRoot() : nil
    }

    /// As an object.
    package var json: JSONValue {
        func number(_ value: Double?) -> JSONValue { .number(value ?? .nan) }
        func integer(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .number(.nan) }
        let last = records.last
        let fields: JSONFields = [
            ("key", .text(key)), ("name", .text(name)), ("run_id", .text(manifest.runID)),
            ("state", .text(condition.rawValue)), ("state_words", .text(condition.words)),
            ("build", .text(manifest.build)), ("host", .text(manifest.host)), ("seed", .text("\(manifest.seed)")),
            ("started", .number(manifest.createdAt.timeIntervalSince1970)),
            ("mode", .text(isAsynchronous ? "asynchronous" : "synchronous")), ("potential", .text(potential)),
            ("stable_below", .number(manifest.stableBelow ?? RunManifest.usualStableBelow)),
            ("steps", .integer(records.count)), ("versions", integer(versions)), ("crystals", .integer(crystals)),
            ("seconds", .number(seconds)), ("remaining", number(remaining)), ("rate", number(rate)),
            ("stable", number(stable)), ("stable_error", number(stableError)),
            ("stable_first", number(first(\.stableFraction))), ("reward", number(reward)),
            ("reward_first", number(first(\.rewardMean))), ("unique", number(latest(\.uniqueFraction))),
            ("unique_first", number(first(\.uniqueFraction))),
            ("valid", number(latest { 1 - Double($0.invalidCount) / Double(max(1, $0.crystals)) })),
            ("kl", number(latest(\.klReference))), ("last_time", number(last?.time.timeIntervalSince1970)),
            ("evaluated", number(evaluatedAt?.timeIntervalSince1970)),
            ("actors", integer(present?.actors ?? last?.workers.actors)),
            ("reward_workers", integer(present?.rewardWorkers ?? last?.workers.rewardWorkers)),
            ("actors_wanted", integer(wanted?.actors)), ("reward_workers_wanted", integer(wanted?.rewardWorkers)),
            ("queues", .object(queues.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })),
            ("advice", advice.json),
        ]
        return .object(fields)
    }
}
