internal import Foundation
package import Rewards
internal import Trajectories

/// What the learner tells actors at login.
package struct SamplingSettings: Codable, Sendable, Hashable {
    /// The space groups to sample, all alike; empty for the frequencies of the policy's training data.
    package var spaceGroups: [Int]

    package init(spaceGroups: [Int]) { self.spaceGroups = spaceGroups }
}

/// What the learner tells reward workers at login.
package struct ScoringSettings: Codable, Sendable, Hashable {
    package var reward: RewardConfiguration
    /// `chgnet` or a file that the worker can read.
    package var potential: String
    /// SHA-256 of the potential's weights, so that all workers use the same.
    package var potentialDigest: String
    /// `default` or a file that the worker can read.
    package var hull: String
    /// SHA-256 of the hull's entries, so that all workers use the same.
    package var hullDigest: String

    package init(
        reward: RewardConfiguration, potential: String, potentialDigest: String, hull: String, hullDigest: String
    ) {
        self.reward = reward
        self.potential = potential
        self.potentialDigest = potentialDigest
        self.hull = hull
        self.hullDigest = hullDigest
    }
}

/// Settings as they travel: JSON with sorted keys.
package enum PeerSettings {
    package static func text(_ settings: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(settings), as: UTF8.self)
    }

    package static func parse<Settings: Decodable>(_ type: Settings.Type, from text: String) throws -> Settings {
        do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
            throw RoleError.work("the learner's settings cannot be read; use the same build on both sides")
        }
    }
}
