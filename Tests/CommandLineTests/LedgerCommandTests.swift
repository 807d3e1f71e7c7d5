import Archive
import ArchiveFixtures
import Foundation
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// `druse ledger` and `druse ledger diff`.
@Suite struct LedgerCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ name: String, _ change: (inout LedgerRun) -> Void = { _ in }) throws -> String {
        var run = LedgerRun()
        change(&run)
        return try run.write(to: folder.url.appending(path: name)).url.path
    }

    @Test func ledger_showsWhatBecameOfEveryCrystal() throws {
        let shown = try DruseProcess.run(["ledger", run("a")])
        #expect(shown.status == 0, "\(shown.messages)")
        let lines = shown.output.split(separator: "\n")
        #expect(lines.first?.hasSuffix(": 3 steps") == true)
        #expect(
            lines.dropFirst() == [
                "granted               20", "trained                9  invalid ones 3; atomsTooClose 3",
                "failed                 3  engine_crashed 3", "abstained              3  sparse_hull 3",
                "left out               3", "in flight              2",
                "given out again: 0 units, 0 tasks; results that came twice: 0", "it balances",
            ])
        let object = try #require(try DruseProcess.run(["ledger", "--json", run("b")]).objects().first)
        #expect(object["granted"] as? Int == 20 && object["balanced"] as? Bool == true)
        let fates = try #require(object["fates"] as? [String: [String: Any]])
        #expect(fates["in_flight"]?["crystals"] as? Int == 2)
        #expect(fates["abstained"]?["reasons"] as? [String: Int] == ["sparse_hull": 3])
    }

    @Test func ledger_thatDoesNotBalance_saysSoByItsStatus() throws {
        let path = try run("a") { $0.changeRecord = { if $0.step == 1 { $0.crystals = 7 } } }
        let shown = try DruseProcess.run(["ledger", path])
        #expect(shown.status == 1)
        let problem = "it does not balance: the batch of step 1 has 6 crystals of 7"
        #expect(shown.output.contains(problem), "\(shown.output)")
    }

    @Test func diff_ofEqualRuns_isEmpty() throws {
        let (a, b) = (try run("a"), try run("b") { $0.circumstances = "another one" })
        let equal = try DruseProcess.run(["ledger", "diff", a, b])
        #expect(equal.status == 0 && equal.output.isEmpty && equal.messages.isEmpty, "\(equal.output)")
    }

    @Test func diff_ofDifferentRuns_showsTheFirstDifferences() throws {
        let (a, b) = (try run("a"), try run("b") { $0.change = { $0.logProbability.w -= 1 } })
        let differs = try DruseProcess.run(["ledger", "diff", a, b, "--limit", "1"])
        #expect(differs.status == 1)
        #expect(
            differs.output == """
                A is \(a), B is \(b)
                crystal 0-0-0: logp_w -1.0 in A, -2.0 in B
                and 17 more differences (--limit)

                """)
        let object = try #require(try DruseProcess.run(["ledger", "diff", a, b, "--json"]).objects().first)
        #expect(object["equal"] as? Bool == false && object["difference_count"] as? Int == 18)
        let first = try #require((object["differences"] as? [[String: Any]])?.first)
        #expect(first["subject"] as? String == "crystal 0-0-0")
        #expect(first["fields"] as? [[String: String]] == [["name": "logp_w", "a": "-1.0", "b": "-2.0"]])
    }

    @Test func diff_withWhatIsNoRun_failsInOneLine() throws {
        let failed = try DruseProcess.run(["ledger", "diff", run("a"), folder.path("nowhere")])
        #expect(failed.status == 2 && failed.messageLines.count == 1)
        #expect(failed.messages.contains("holds no run: it has no run.json"), "\(failed.messages)")
    }
}
