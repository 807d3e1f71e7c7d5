internal import Foundation
package import Telemetry

/// The numbers of a step under the names that they have in `metrics.jsonl`, grouped for TensorBoard.
package enum StepScalars {
    /// What a group's name begins with, by the key of `metrics.jsonl`; whatever is not here is of the batch.
    private static let groups: [String: String] = [
        "reward_mean": "reward", "reward_error": "reward", "reward_mean_scored": "reward", "baseline": "reward",
        "terms": "reward", "hypervolume": "reward",
        "kl_reference": "policy", "clip_fraction": "policy", "ratio": "policy", "gradient_norm": "policy",
        "learning_rate": "policy", "importance": "policy", "skipped": "policy", "unusable": "policy",
        "claims_off": "policy",
        "crystals_per_second": "run", "seconds": "run", "workers": "run", "regranted": "run", "requeued": "run",
        "speculated": "run", "duplicates": "run", "staleness": "run", "stale": "run", "abandoned": "run",
        "audited": "run", "disputed": "run",
    ]

    /// Tags such as "batch/stable_fraction" and "policy/clip_fraction/whole", in order.
    package static func values(of record: StepRecord) throws -> [(tag: String, value: Double)] {
        let object = try JSONSerialization.jsonObject(with: JSONLines.encode(record))
        guard let members = object as? [String: Any] else { return [] }
        return members.flatMap { key, member -> [(tag: String, value: Double)] in
            // They are the axes.
            if ["step", "version", "time"].contains(key) { return [] }
            return flattened(member, tag: "\(groups[key] ?? "batch")/\(key)")
        }.sorted { $0.tag < $1.tag }
    }

    private static func flattened(_ value: Any, tag: String) -> [(tag: String, value: Double)] {
        switch value {
        case let number as NSNumber: [(tag, number.doubleValue)]
        case let table as [String: Any]: table.flatMap { flattened($1, tag: "\(tag)/\($0)") }
        case "NaN" as String: [(tag, .nan)]
        case "Infinity" as String: [(tag, .infinity)]
        case "-Infinity" as String: [(tag, -.infinity)]
        default: []
        }
    }
}
