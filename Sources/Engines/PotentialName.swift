/// What a configuration names as a potential.
package enum PotentialName: Sendable, Hashable {
    /// The prefix of the name of an engine behind reward workers.
    package static let externalPrefix = "external "

    /// One that comes with the program.
    case embedded(String)
    /// `external NAME`: an engine that reward workers are started with.
    case external(String)
    /// A model file.
    case file(String)

    package init(_ text: String) {
        if PotentialSource.names.contains(text) {
            self = .embedded(text)
        } else if text.hasPrefix(Self.externalPrefix) {
            self = .external(text.dropFirst(Self.externalPrefix.count).trimmingBlanks)
        } else {
            self = .file(text)
        }
    }

    /// The name of an engine behind reward workers; nil for a potential that every process has itself.
    package var externalName: String? {
        if case .external(let name) = self { name } else { nil }
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
