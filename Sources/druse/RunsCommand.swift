import Archive
import ArgumentParser
import Base
import Foundation
import LivePage

/// `druse runs`: the runs of a folder.
struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "List the runs of a folder with state, versions and stable fraction.")

    @Argument(help: ArgumentHelp("A folder of runs, or runs' directories.", valueName: "folder"))
    var folders: [String] = ["runs"]

    @Flag(help: "Print JSON lines, one object a run.")
    var json = false

    func run() throws {
        let output = StandardOutput()
        let overviews = try RunFolders.find(folders).map { RunView(key: $0.url.path, directory: $0).overview() }
        if json {
            for overview in overviews { try output.write(line: overview.json.line) }
        } else {
            for line in table(overviews) { try output.write(line: line) }
        }
        try output.flush()
    }

    private func table(_ overviews: [RunOverview]) -> [String] {
        var rows = [["run", "state", "versions", "stable", "reward", "crystals", "time", "begun (UTC)", "id"]]
        for overview in overviews {
            let steps = overview.records.count
            rows.append([
                overview.name, overview.condition.words, overview.versions.map { "\(steps) of \($0)" } ?? "\(steps)",
                overview.stable.map(HumanFormat.percent) ?? "-",
                overview.reward.map { HumanFormat.fixed($0, decimals: 3) } ?? "-", HumanFormat.count(overview.crystals),
                HumanFormat.seconds(overview.seconds),
                overview.startedAt.formatted(
                    .iso8601.year().month().day().dateTimeSeparator(.space).time(includingFractionalSeconds: false)),
                overview.runID,
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let isNumber = [false, false, true, true, true, true, true, false, false]
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let gap = String(repeating: " ", count: widths[column] - text.count)
                return isNumber[column] ? gap + text : text + gap
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
