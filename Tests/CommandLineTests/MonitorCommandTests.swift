import Archive
import ArchiveFixtures
import Foundation
import ProgramFixtures
import Telemetry
import Testing

/// `druse monitor` and `druse runs`, where nothing runs.
@Suite struct MonitorCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ name: String, steps: Int, versions: Int) throws -> String {
        var run = SyntheticRun(versionCount: steps)
        let directory = try run.write(to: folder.url.appending(path: "runs/\(name)"))
        try Data("versions: \(versions)\nmode: synchronous\n".utf8).write(to: directory.configuration)
        let roles = try JSONLinesWriter(url: directory.roles)
        for index in 0..<30 {
            var record = RoleRecord(role: "reward-worker", id: "node-\(10 + index)")
            record.crystalsPerSecond = Double(index)
            try roles.append(record)
        }
        return directory.url.path
    }

    @Test func monitor_intoAPipe_writesOnce_withoutColours() async throws {
        let shown = try await DruseProcess.run(["monitor", run("a", steps: 8, versions: 8), "--peers", "3"])
        #expect(shown.status == 0, "\(shown.messages)")
        #expect(!shown.output.contains("\u{1B}"))
        let lines = shown.output.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("a  finished"))
        #expect(lines[1].contains("version 8 of 8  512 crystals"))
        #expect(lines.contains { $0.hasPrefix("stable ") } && lines.contains { $0.hasPrefix("reward ") })
        #expect(lines.contains { $0.hasPrefix("30 x reward-worker") })
        // The fastest ones, and how many are not shown.
        #expect(lines.filter { $0.hasPrefix("node-") }.map { $0.prefix(7) } == ["node-39", "node-38", "node-37"])
        #expect(lines.contains("and 27 more (--peers)"))
        #expect(lines.contains { $0.hasPrefix("ledger: granted ") })
    }

    @Test func monitor_ofADamagedArchive_saysWhyThereIsNoLedger() async throws {
        let path = try run("a", steps: 3, versions: 3)
        try Data("no database".utf8).write(to: URL(filePath: "\(path)/archive.sqlite"))
        let shown = try await DruseProcess.run(["monitor", path])
        let text = shown.output.replacing("\n", with: " ")
        #expect(shown.status == 0 && text.contains("no ledger: \(path)/archive.sqlite is damaged"), "\(shown.output)")
    }

    @Test func monitor_ofAnEvaluatedRun_showsWhatItFound() async throws {
        let path = try run("a", steps: 3, versions: 3)
        let without = try await DruseProcess.run(["monitor", path])
        #expect(!without.output.contains("evaluated"))
        let directory = try RunDirectory.open(at: URL(filePath: path))
        try EvaluationFile(sun: 20).write(to: directory.evaluationBefore)
        try EvaluationFile(sun: 48, relaxedSUN: 60).write(to: directory.evaluationAfter)
        let shown = try await DruseProcess.run(["monitor", path])
        #expect(shown.status == 0, "\(shown.messages)")
        let text = shown.output.replacing("\n", with: " ").replacing("±", with: "+-")
        let shares = "stable 30.0% +- 2.3%, unique 95.0% +- 1.1%, novel 75.0% +- 2.2% (400 samples of version 3)"
        for part in [
            "evaluated before: S.U.N. 5.0% +- 1.1%, \(shares)",
            "evaluated after, as sampled: S.U.N. 12.0% +- 1.6%, \(shares)",
            "evaluated after, relaxed: S.U.N. 15.0% +- 1.8%, \(shares)",
        ] { #expect(text.contains(part), "\(shown.output)") }
    }

    @Test func monitor_asJSON_isOneObject() async throws {
        let shown = try await DruseProcess.run(["monitor", "--json", run("a", steps: 3, versions: 8)])
        let object = try #require(try shown.objects().first)
        #expect((object["overview"] as? [String: Any])?["state"] as? String == "stopped")
        #expect((object["fleet"] as? [String: Any])?["total"] as? Int == 30)
        #expect(((object["books"] as? [String: Any])?["ledger"] as? [String: Any])?["steps"] as? Int == 3)
    }

    @Test func monitor_withoutARun_orAPage_saysSo() async throws {
        let neither = try await DruseProcess.run(["monitor"])
        #expect(neither.status == 64 && neither.messages.contains("name the run's directory, or its page"))
        let none = try await DruseProcess.run(["monitor", folder.url.path])
        #expect(none.status == 1 && none.messageLines.count == 1)
        let nobody = try await DruseProcess.run(["monitor", "--connect", "http://127.0.0.1:1/"])
        #expect(nobody.status == 1 && nobody.messages.contains("no page answers at 127.0.0.1:1"))
        let secret = try await DruseProcess.run(["monitor", "--connect", "https://127.0.0.1:1/"])
        #expect(secret.status == 1 && secret.messages.contains("use a tunnel"))
    }

    @Test func runs_areListedWithStateVersionsAndStableFraction() async throws {
        _ = try run("a", steps: 8, versions: 8)
        _ = try run("b", steps: 2, versions: 8)
        let shown = try await DruseProcess.run(["runs", folder.path("runs")])
        #expect(shown.status == 0, "\(shown.messages)")
        let lines = shown.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[0].hasPrefix("run  state"))
        #expect(lines[1].contains(try Regex("^a +finished +8 of 8 +[0-9.]+%")))
        #expect(lines[2].contains(try Regex("^b +stopped +2 of 8 +[0-9.]+%")))
        let objects = try await DruseProcess.run(["runs", "--json", folder.path("runs")]).objects()
        #expect(objects.map { $0["name"] as? String } == ["a", "b"])
        let none = try await DruseProcess.run(["runs", folder.path("nothing")])
        #expect(none.status == 1 && none.messages.contains("holds no run"))
    }
}
