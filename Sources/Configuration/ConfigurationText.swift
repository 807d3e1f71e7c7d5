/// The configuration as a file, to be stored beside what it made and to be used again: every value that holds, in a
/// form that all parsers of YAML read alike, with units as comments.
package enum ConfigurationText {
    package static func yaml(_ section: some ConfigurationSection) -> String {
        var lines: [String] = ["# All values in effect. What a key means: druse config KEY"]
        var open: [Substring] = []
        for entry in section.entries() {
            let parts = entry.path.split(separator: ".")
            let tables = parts.dropLast()
            guard let value = entry.stored else {
                // What has no meaning here is not told; what may be without a value is.
                if entry.applies, let absent = entry.absent, tables.isEmpty || Array(tables) == open {
                    lines.append(indent(tables.count) + "# \(parts.last ?? ""): \(absent)")
                }
                continue
            }
            let shared = zip(open, tables).prefix { $0 == $1 }.count
            for (depth, table) in tables.enumerated().dropFirst(shared) {
                lines.append("\(indent(depth))\(table):")
            }
            open = Array(tables)
            let unit = entry.unit.map { "  # \($0)" } ?? ""
            lines.append("\(indent(tables.count))\(parts.last ?? ""): \(value)\(unit)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a dry run prints: what would run, as comments, and the configuration in effect.
    package static func plan(_ lines: [String], _ section: some ConfigurationSection) -> String {
        let comments = (lines + ["nothing was changed"]).map { "# \($0)\n" }.joined()
        return comments + yaml(section).dropLast()
    }

    private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
}
