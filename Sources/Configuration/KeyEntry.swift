/// A key with all that is told of it, as it stands in a configuration.
package struct KeyEntry: Sendable, Hashable {
    /// With dots, such as "objective.kl_weight".
    package let path: String
    /// What the key means.
    package let help: String
    package let unit: String?
    /// What kind of value it takes, such as "a whole number" or "crystal or component".
    package let kind: String
    /// Which values, such as "1 to 1024"; nil for all of the kind.
    package let range: String?
    package let onResume: ResumeRule
    /// Where the key has a meaning, such as "kind is linear"; nil: everywhere.
    package let condition: String?
    /// What holds where there is no value.
    package let absent: String?
    /// The value as it stands in a file; nil if there is none.
    package let value: String?
    /// Whether the key has a meaning in this configuration.
    let applies: Bool
    /// What is wrong with the value.
    let problem: String?
    /// The keys of each item, for a list of tables; else empty.
    package let items: [KeyEntry]
    /// Whether the value is one text, which may hold anything.
    let isText: Bool

    /// The value as it stands in a file; nil where there is none or it has no meaning.
    package var stored: String? { applies ? value : nil }
    /// The value for a message.
    package var shown: String { value.map(DecimalText.short) ?? "not set" }
}

/// Whether a run that goes on may have another value of a key.
package enum ResumeRule: Sendable, Hashable {
    /// It decides results, and stays.
    case kept
    /// It may change; when that takes effect, in words.
    case changes(String)
    /// It names files that decide results: they may lie elsewhere, with the same contents.
    case sameContents
    /// It says where the run is, which the run itself knows better.
    case place

    /// For the explanation of a key.
    package var words: String {
        switch self {
        case .kept: "no, it decides results"
        case .changes(let when): "yes, \(when)"
        case .sameContents: "the files may lie elsewhere, their contents stay"
        case .place: "the run's own place counts"
        }
    }
}

/// What a path is relative to.
package enum FileRule: Sendable, Hashable {
    /// The folder of the configuration file; on the command line the current folder. Some names mean no file, nor do
    /// texts with a prefix.
    case configuration(unless: [String] = [], prefix: String? = nil)
    /// The current folder.
    case currentFolder
}
