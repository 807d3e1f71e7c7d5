/// A key that two configurations give different values.
package struct ConfigurationDifference: Equatable, Sendable, CustomStringConvertible {
    /// With dots, such as "objective.epochs".
    package let key: String
    package let given: String
    package let stored: String
    /// What a resumed run may do with the key.
    package let onResume: ResumeRule

    package var description: String { "\(key) is \(given), the run has \(stored)" }

    /// All differences of two configurations of one kind, in the order of the keys.
    package static func between<Section: ConfigurationSection>(
        given: Section, stored: Section
    ) -> [ConfigurationDifference] {
        zip(given.entries(), stored.entries()).compactMap { given, stored in
            given.stored == stored.stored
                ? nil
                : ConfigurationDifference(
                    key: given.path, given: given.applies ? given.shown : "not set",
                    stored: stored.applies ? stored.shown : "not set", onResume: given.onResume)
        }
    }
}

extension ConfigurationSection {
    /// What stands against going on with a stored configuration by this one, with both values; empty if nothing.
    ///
    /// Files are compared by name: whoever knows that their contents are the same makes the names so first.
    package func obstacles(toResuming stored: Self) -> [String] {
        ConfigurationDifference.between(given: self, stored: stored).filter { difference in
            switch difference.onResume {
            case .kept, .sameContents: true
            case .changes, .place: false
            }
        }.map(\.description)
    }

    /// Which keys may be given anew when a run goes on, in a sentence.
    package static var resumeAdvice: String {
        "A run goes on with what it was begun with but for \(changeableKeys.joined(separator: ", "))"
    }

    /// The keys that may be given anew when a run goes on.
    static var changeableKeys: [String] {
        Self().entries().filter { entry in
            if case .changes = entry.onResume { true } else { false }
        }.map(\.path)
    }
}
