/// One thing that is wrong with a configuration.
package struct KeyProblem: Sendable, Hashable, CustomStringConvertible {
    /// The key with its dots, such as "objective.clip".
    let path: String
    /// Where the value comes from, if that is known.
    let place: ConfigurationNode.Place?
    /// What is wrong, to follow the key.
    let text: String

    init(_ path: String, _ place: ConfigurationNode.Place?, _ text: String) {
        self.path = path
        self.place = place
        self.text = text
    }

    package var description: String { "\(path)\(place.map { " (\($0))" } ?? "") \(text)" }
}
