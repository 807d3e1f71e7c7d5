internal import Base
package import Foundation

/// What one process did in the last few seconds: one line of `roles.jsonl`.
package struct RoleRecord: Codable, Equatable, Sendable {
    /// The role: "learner", "actor" or "reward-worker".
    package var role: String
    /// The name of the process in the run.
    package var id: String
    package var time: Date
    /// The crystals done since the process started: trained, sampled or scored.
    package var crystals = 0
    /// Crystals a second since the record before.
    package var crystalsPerSecond = 0.0
    /// The share of the time since the record before that was spent on crystals, 0...1.
    package var busyFraction: Double?
    /// Resident memory, MB.
    package var memoryMegabytes: Double?
    /// The version of the weights in use.
    package var weightVersion: Int?
    /// What waits in each queue; the learner's.
    package var queues: [String: Int]?
    /// How many actors and reward workers the run could use, for whoever starts and stops them; the learner's, from its
    /// first step on.
    package var actorsWanted: Int?
    package var rewardWorkersWanted: Int?
    /// The engine that a reward worker brought, with version and digest.
    package var engine: String?

    package init(role: String, id: String, time: Date = Date()) {
        self.role = role
        self.id = id
        self.time = time
    }

    enum CodingKeys: String, CodingKey {
        case role, id, time, crystals
        case crystalsPerSecond = "crystals_per_second"
        case busyFraction = "busy_fraction"
        case memoryMegabytes = "memory_mb"
        case weightVersion = "weight_version"
        case queues, engine
        case actorsWanted = "actors_wanted"
        case rewardWorkersWanted = "reward_workers_wanted"
    }

    /// The record as a line for a terminal, such as
    /// `actor-1  weights 12  5,120 crystals  41.2/s  busy 93.1%  212 MB`.
    package var humanLine: String {
        var parts = [id.isEmpty ? role : id]
        if let weightVersion { parts.append("weights \(weightVersion)") }
        parts.append("\(HumanFormat.count(crystals)) crystals")
        parts.append(HumanFormat.rate(crystalsPerSecond))
        if let busyFraction { parts.append("busy \(HumanFormat.percent(busyFraction))") }
        if let memoryMegabytes { parts.append("\(HumanFormat.fixed(memoryMegabytes, decimals: 0)) MB") }
        if let queues {
            parts.append(
                contentsOf: queues.sorted { $0.key < $1.key }.map { "\($0.key) \(HumanFormat.count($0.value))" })
        }
        if let actorsWanted, let rewardWorkersWanted {
            parts.append("wants \(actorsWanted) actors, \(rewardWorkersWanted) reward workers")
        }
        return parts.joined(separator: "  ")
    }
}
