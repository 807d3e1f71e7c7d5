import Crystals
import Foundation
package import Policy
import Trajectories

/// What the learner tells actors at login.
package struct SamplingSettings: Codable, Sendable, Hashable {
    /// The space groups to sample, uniformly; empty for the frequencies of the policy's training data.
    package var spaceGroups: [Int]
    /// The elements to draw, by ascending atomic number; nil for all.
    private var elements: [Int]?
    /// The fewest elements of a crystal; nil for one.
    private var minimumElements: Int?

    package init(spaceGroups: [Int], constraint: Constraint = .none) {
        self.spaceGroups = spaceGroups
        elements = constraint.elements?.map(\.atomicNumber).sorted()
        minimumElements = constraint.minimumElements > 1 ? constraint.minimumElements : nil
    }

    /// How crystals are drawn.
    ///
    /// - Throws: ``RoleError/work(_:)`` for elements that this build does not know.
    func options() throws(RoleError) -> SamplingOptions {
        var options = SamplingOptions()
        let known = elements?.compactMap { Element(atomicNumber: $0) }
        options.constraint = Constraint(elements: known.map(Set.init), minimumElements: minimumElements ?? 1)
        guard known?.count == elements?.count, options.problems.isEmpty else {
            throw .work("the learner's elements cannot be read; use the same build on both sides")
        }
        return options
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
