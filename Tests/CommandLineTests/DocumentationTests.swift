import Foundation
import ProgramFixtures
import Testing

/// What the pages say of one another and of the commands.
@Suite struct DocumentationTests {
    private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All pages of the repository, fixtures left out.
    private static var pages: [URL] {
        let places = ["Cluster", "Configs", "Documentation", "Scripts", "Sources"].flatMap { folder -> [URL] in
            let files = FileManager.default.enumerator(
                at: repository.appending(path: folder), includingPropertiesForKeys: nil)
            return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "md" }
        }
        return places + ["README.md", "ARCHITECTURE.md"].map { repository.appending(path: $0) }
    }

    /// A page without what stands in fences and between backticks.
    private static func prose(_ page: URL) throws -> String {
        let text = try String(contentsOf: page, encoding: .utf8)
        return text.replacing(/(?s)```.*?```/, with: "").replacing(/`[^`\n]*`/, with: "")
    }

    /// The names by which headings of a page are linked to.
    private static func anchors(_ page: URL) throws -> Set<String> {
        let text = try String(contentsOf: page, encoding: .utf8).replacing(/(?s)```.*?```/, with: "")
        return Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                    .filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }.replacing(" ", with: "-")
            })
    }

    @Test func everyLink_leadsSomewhere() throws {
        #expect(Self.pages.count > 20)
        var links = 0
        for page in Self.pages {
            for match in try Self.prose(page).matches(of: /\]\(([^)\s]+)\)/) {
                let link = String(match.output.1)
                guard !link.contains(":") else { continue }
                links += 1
                let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let target =
                    parts[0].isEmpty
                    ? page : page.deletingLastPathComponent().appending(path: String(parts[0])).standardizedFileURL
                #expect(
                    FileManager.default.fileExists(atPath: target.path),
                    "\(page.lastPathComponent): there is no \(link)")
                guard parts.count > 1, target.pathExtension == "md" else { continue }
                #expect(
                    try Self.anchors(target).contains(String(parts[1])),
                    "\(page.lastPathComponent): no heading is \(link)")
            }
        }
        #expect(links > 100)
    }

    /// Each command has its row, and each row its command.
    @Test func everyCommand_isInTheTable() throws {
        let table = try String(
            contentsOf: Self.repository.appending(path: "Documentation/commands.md"), encoding: .utf8)
        let rows = Set(table.matches(of: /(?m)^\| `([a-z-]+)`/).map { String($0.output.1) })
        let help = try DruseProcess.run(["--help"]).output
        let list = help.split(separator: "SUBCOMMANDS:").last ?? ""
        let commands = Set(list.matches(of: /(?m)^  ([a-z-]+)/).map { String($0.output.1) })
        #expect(commands.count > 20)
        #expect(rows == commands, "\(rows.symmetricDifference(commands))")
    }
}
