/// A section that is one of a list, such as a judge: a value in itself, written as `{key: value, ...}` in one line.
package protocol ConfigurationRecord: ConfigurationSection, ConfigurationValue {}

extension ConfigurationRecord {
    package static var kind: String { "{\(keys.map(\.name).joined(separator: ", "))}" }

    package static var itemEntries: [KeyEntry] { Self().entries() }

    package static func read(_ node: ConfigurationNode, path: String, problems: inout [KeyProblem]) -> Self? {
        var reader = KeyReader(folder: nil, known: keys.map { Self.path(path, $0.name) })
        let section = read(node, path: path, reader: &reader)
        problems += reader.problems
        return reader.problems.isEmpty ? section : nil
    }

    package var yaml: String {
        let fields = entries().compactMap { entry in entry.stored.map { "\(entry.path): \($0)" } }
        return "{\(fields.joined(separator: ", "))}"
    }

    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }
}
