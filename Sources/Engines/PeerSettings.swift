import Foundation
import Trajectories

/// What the learner tells actors at login.
package struct SamplingSettings: Codable, Sendable, Hashable {
    /// The space groups to sample, uniformly; empty for the frequencies of the policy's training data.
    package var spaceGroups: [Int]

    package init(spaceGroups: [Int]) { self.spaceGroups = spaceGroups }
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
