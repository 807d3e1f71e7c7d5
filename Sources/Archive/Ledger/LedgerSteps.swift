import Foundation
import GRDB

/// The steps of an archive in their order, each with the numbers that depend on nothing but what was trained on.
struct LedgerSteps {
    struct Entry {
        let step: Int
        /// Of the version that it began with.
        let policyDigest: String
        /// The numbers of the record, by its keys.
        let numbers: [String: String]
    }

    /// The keys of a record that no clock, no fleet and no restart has a say in.
    static let keys = [
        "crystals", "scored", "trained", "reward_mean", "reward_error", "reward_mean_scored", "stable_fraction",
        "unique_fraction", "invalid", "failed", "abstained", "floored", "terms", "hypervolume", "kl_reference",
        "clip_fraction", "ratio", "importance", "staleness", "gradient_norm", "learning_rate", "baseline", "skipped",
        "not_finite", "unusable",
        "uncertainty", "relaxation", "spread",
    ]

    private let rows: RowCursor

    init(_ connection: Database) throws {
        rows = try Row.fetchCursor(
            connection, sql: "SELECT version, policy_digest, record FROM versions ORDER BY version")
    }

    mutating func next() throws -> Entry? {
        guard let row = try rows.next() else { return nil }
        let reader = RowReader(row: row)
        let text: String = try reader.value("record")
        let object = (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
        var numbers: [String: String] = [:]
        for key in Self.keys { numbers[key] = object[key].flatMap(Self.text) }
        return Entry(
            step: try reader.value("version"), policyDigest: try reader.value("policy_digest"), numbers: numbers)
    }

    /// A value of JSON with its keys in order; numbers to the last bit.
    private static func text(_ value: Any) -> String? {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
        return (try? JSONSerialization.data(withJSONObject: value, options: options))
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

extension LedgerComparison {
    /// Compares the steps, and gives the last one that both have; nil if there is none.
    mutating func compareSteps(_ a: Database, _ b: Database) throws -> Int? {
        var (left, right) = (try LedgerSteps(a), try LedgerSteps(b))
        var (first, second) = (try left.next(), try right.next())
        var last: Int?
        while first != nil || second != nil {
            switch (first, second) {
            case (let one?, let other?) where one.step == other.step:
                steps += 1
                last = one.step
                compare(one, other)
                (first, second) = (try left.next(), try right.next())
            case (let one?, let other) where other.map({ one.step < $0.step }) ?? true:
                add("step \(one.step)", .onlyIn(.a))
                first = try left.next()
            case (_, let other?):
                add("step \(other.step)", .onlyIn(.b))
                second = try right.next()
            case (_?, nil), (nil, nil): return last
            }
        }
        return last
    }

    private mutating func compare(_ a: LedgerSteps.Entry, _ b: LedgerSteps.Entry) {
        weights += 1
        if a.policyDigest != b.policyDigest {
            add(
                "policy of version \(a.step)",
                .values([.init(name: "sha256", a: a.policyDigest, b: b.policyDigest)]))
        }
        add(
            "step \(a.step)",
            fields: LedgerSteps.keys.compactMap { key in
                a.numbers[key] == b.numbers[key] ? nil : .init(name: key, a: a.numbers[key], b: b.numbers[key])
            })
    }
}
