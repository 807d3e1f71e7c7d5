internal import Base
internal import Foundation
internal import Telemetry

/// The steps of a run as rows of numbers, as the plots take them.
struct StepTable {
    /// A step, and when it was last written here.
    struct Entry {
        var record: StepRecord
        var revision: Int
    }

    private(set) var entries: [Int: Entry] = [:]
    private(set) var order: [Int] = []
    /// Grows with each change.
    private(set) var revision = 0

    /// So many rows are told at a time; of more, evenly spaced ones.
    static let mostRows = 1500
    /// Of a batch that was there before it was asked for, a rate is no number.
    private static let highestRate = 1e7

    var records: [StepRecord] { order.compactMap { entries[$0]?.record } }
    var last: StepRecord? { order.last.flatMap { entries[$0]?.record } }
    var count: Int { order.count }

    /// A step that was made again takes the place of the one before.
    mutating func add(_ record: StepRecord) {
        if let known = entries[record.step], known.record == record { return }
        revision += 1
        if entries[record.step] == nil {
            let place = order.lastIndex { $0 < record.step }.map { $0 + 1 } ?? 0
            order.insert(record.step, at: place)
        }
        entries[record.step] = Entry(record: record, revision: revision)
    }

    /// The columns of ``json(after:)``, in order.
    static let columns: [(name: String, value: @Sendable (StepRecord) -> Double?)] = [
        ("step", { Double($0.step) }), ("time", { $0.time.timeIntervalSince1970 }),
        ("crystals", { Double($0.crystals) }), ("scored", { Double($0.scored) }),
        ("trained", { $0.trained.map(Double.init) }), ("reward", { $0.rewardMean }),
        ("reward_error", { $0.rewardError }), ("stable", { $0.stableFraction }),
        ("stable_error", { $0.stableError }), ("unique", { $0.uniqueFraction }),
        ("valid", { $0.crystals > 0 ? 1 - Double($0.invalidCount) / Double($0.crystals) : nil }),
        ("kl", { $0.klReference }), ("gradient", { $0.gradientNorm }), ("learning_rate", { $0.learningRate }),
        ("ess", { ($0.importance?.effectiveSampleShare) ?? ($0.ratio?.effectiveSampleShare) }),
        ("clip_w", { $0.clipFraction?.w }), ("clip_a", { $0.clipFraction?.a }), ("clip_xyz", { $0.clipFraction?.xyz }),
        ("clip_l", { $0.clipFraction?.l ?? $0.clipFraction?.whole }),
        ("sampled_rate", { rate($0.rates.sampled) }), ("scored_rate", { rate($0.rates.scored) }),
        ("trained_rate", { rate($0.rates.trained) }),
        ("rate", { $0.seconds.total > 0 ? rate(Double($0.crystals) / $0.seconds.total) : nil }),
        ("wait", { $0.seconds.wait }), ("train", { $0.seconds.train }), ("checkpoint", { $0.seconds.checkpoint }),
        ("total", { $0.seconds.total }), ("actors", { Double($0.workers.actors) }),
        ("reward_workers", { Double($0.workers.rewardWorkers) }), ("staleness", { $0.meanStaleness }),
        ("space_groups", { $0.spread.map { Double($0.spaceGroups) } }),
        ("elements", { $0.spread.map { Double($0.elements) } }), ("uncertainty", { $0.uncertainty?.mean }),
        ("relaxed", { $0.relaxation?.converged }), ("hypervolume", { $0.hypervolume }),
    ]

    private static func rate(_ value: Double) -> Double? { value > 0 && value < highestRate ? value : nil }

    /// The steps that were written after a revision, thinned out where they are many.
    func json(after revision: Int) -> JSONValue {
        let changed = order.filter { (entries[$0]?.revision ?? 0) > revision }
        let stride = (changed.count + Self.mostRows - 1) / Self.mostRows
        let shown = changed.enumerated().filter { $0.offset % max(1, stride) == 0 || $0.offset == changed.count - 1 }
        let rows = shown.compactMap { entries[$0.element]?.record }.map { record in
            JSONValue.list(Self.columns.map { .number(Self.short($0.value(record) ?? .nan)) })
        }
        let terms = Set(shown.flatMap { entries[$0.element]?.record.terms?.keys.map { $0 } ?? [] }).sorted()
        let values = terms.map { term in
            (
                key: term,
                value: JSONValue.list(
                    shown.map { .number(Self.short(entries[$0.element]?.record.terms?[term] ?? .nan)) })
            )
        }
        return .object([
            ("revision", .integer(self.revision)), ("steps", .integer(order.count)),
            ("stride", .integer(max(1, stride))),
            ("columns", .list(Self.columns.map { .text($0.name) })), ("rows", .list(rows)), ("terms", .object(values)),
        ])
    }

    /// Seven digits are more than a plot shows, and a third of the bytes; times keep all of theirs.
    private static func short(_ value: Double) -> Double {
        guard value.isFinite, value != 0, value.magnitude < 1e6 else { return value }
        return Double(Float(value).description) ?? value
    }
}
