package import Foundation

/// The tables of `Documentation/metrics.md`.
package struct MetricsTable: Sendable {
    package struct Row: Sendable, Hashable {
        package let name: String
        package let kind: String
        package let labels: [String]
        package let help: String

        package init(name: String, kind: String, labels: [String], help: String) {
            self.name = name
            self.kind = kind
            self.labels = labels
            self.help = help
        }
    }

    /// The rows by the headings that they stand under.
    package let sections: [String: [Row]]

    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Where the configuration of Prometheus, its alerts and the dashboard are.
    package static let monitoring = repository.appending(path: "Cluster/monitoring")

    package init() throws {
        let page = Self.repository.appending(path: "Documentation/metrics.md")
        var sections: [String: [Row]] = [:]
        var heading = ""
        for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("#") {
                heading = String(line.drop { $0 == "#" || $0 == " " })
            } else if line.hasPrefix("| `") {
                let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
                guard cells.count == 4 else { continue }
                let quotes = CharacterSet(charactersIn: " `")
                let labels = cells[2].split(separator: ",").map { $0.trimmingCharacters(in: quotes) }
                sections[heading, default: []].append(
                    Row(
                        name: cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")), kind: cells[1],
                        labels: labels, help: cells[3]))
            }
        }
        self.sections = sections
    }

    /// The names of a section, and of those that every process has.
    package func names(of section: String) -> Set<String> {
        Set(((sections[section] ?? []) + (sections["Every process"] ?? [])).map(\.name))
    }

    /// The metrics of a page in Prometheus' format, by its comments.
    package static func families(of page: String) -> Set<String> {
        Set(page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) })
    }
}
