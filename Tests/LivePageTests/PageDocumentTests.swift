import Archive
import ArchiveFixtures
import Base
import Foundation
import LivePage
import ProgramFixtures
import Telemetry
import Testing
import Trajectories

/// What the page tells of runs.
@Suite struct PageDocumentTests {
    private func numbers(_ table: [String: Any], _ column: String) throws -> [Double] {
        let names = try #require(table["columns"] as? [String])
        let place = try #require(names.firstIndex(of: column))
        return try #require(table["rows"] as? [[Any]]).map { try #require($0[place] as? Double) }
    }

    @Test func overview_tellsStateStepsAndWhatWasGained() throws {
        let open = try OpenPage(versions: [8, 3]) { run in
            try Data("versions: 8\nbatch_size: 64\nmode: asynchronous\n".utf8).write(to: run.configuration)
            // The learner's last life counts from its own start.
            var learner = RoleRecord(role: "learner", id: "learner", time: Date(timeIntervalSince1970: 1_771_000_000))
            learner.crystals = 16
            try JSONLinesWriter(url: run.roles).append(learner)
        }
        let runs = try #require(try open.object("/api/runs")["runs"] as? [[String: Any]])
        #expect(runs.map { $0["key"] as? String } == ["0", "1"])
        #expect(runs.map { $0["state"] as? String } == ["finished", "stopped"])
        #expect(runs.map { $0["steps"] as? Int } == [8, 3])
        #expect(runs.map { $0["crystals"] as? Int } == [8 * 64, 3 * 64])
        #expect(runs[0]["mode"] as? String == "asynchronous")
        let records = try StepRecord.read(from: open.runs[0].metrics)
        let last = records.suffix(4).compactMap(\.stableFraction).reduce(0, +) / 4
        #expect(abs((runs[0]["stable"] as? Double ?? 0) - last) < 1e-9)
        #expect((runs[0]["stable_first"] as? Double ?? 1) < last)
    }

    /// A run that is served, and goes on meanwhile to more versions than it was to make.
    @Test func overview_ofARunThatIsToMakeMore_saysSo() throws {
        let open = try OpenPage(versions: [3]) { run in
            try Data("versions: 3\n".utf8).write(to: run.configuration)
        }
        func state() throws -> (String?, Int?) {
            let runs = try #require(try open.object("/api/runs")["runs"] as? [[String: Any]])
            return (runs[0]["state"] as? String, runs[0]["versions"] as? Int)
        }
        #expect(try state() == ("finished", 3))
        try Data("versions: 5\n".utf8).write(to: open.runs[0].configuration)
        let deadline = ContinuousClock.now + .seconds(20)
        while try state().1 != 5, ContinuousClock.now < deadline {}
        #expect(try state() == ("stopped", 5))
    }

    @Test func steps_thatComeLater_areToldByThemselves_andOneMadeAgainTakesItsPlace() throws {
        let open = try OpenPage(versions: [5])
        let first = try open.object("/api/runs/0/steps")
        #expect(try numbers(first, "step") == [0, 1, 2, 3, 4])
        let rewards = try StepRecord.read(from: open.runs[0].metrics).compactMap(\.rewardMean)
        for (told, kept) in zip(try numbers(first, "reward"), rewards) { #expect(abs(told - kept) < 1e-6) }
        let revision = try #require(first["revision"] as? Int)
        // Another step, one that is made again, and one whose line is not whole yet.
        let writer = try JSONLinesWriter(url: open.runs[0].metrics)
        for (step, reward) in [(5, 0.75), (3, 0.125)] {
            var record = StepRecord(step: step, time: Date(timeIntervalSince1970: 1_771_000_100))
            (record.crystals, record.rewardMean) = (64, reward)
            try writer.append(record)
        }
        let handle = try FileHandle(forWritingTo: open.runs[0].metrics)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"step\":6,\"crys".utf8))
        var news = try open.object("/api/runs/0/steps?after=\(revision)")
        // A look a moment ago is taken for the newest.
        let deadline = ContinuousClock.now + .seconds(20)
        while (news["rows"] as? [Any])?.count != 2, ContinuousClock.now < deadline {
            news = try open.object("/api/runs/0/steps?after=\(revision)")
        }
        #expect(try numbers(news, "step") == [3, 5])
        #expect(try numbers(news, "reward") == [0.125, 0.75])
        #expect(news["steps"] as? Int == 6)
    }

    /// The log is copied and emptied while nobody looks, and is longer than before by the next look.
    @Test func steps_ofALogThatWasRotated_areAllThere() throws {
        let folder = try TemporaryFolder()
        var whole = SyntheticRun(versionCount: 12, crystalsPerVersion: 4)
        let run = try whole.write(to: folder.url.appending(path: "run"))
        let lines = try String(contentsOf: run.metrics, encoding: .utf8).split(separator: "\n").map { "\($0)\n" }
        try Data(lines[..<3].joined().utf8).write(to: run.metrics)
        let view = RunView(key: "0", directory: run)
        func shown() throws -> [Double] {
            let text = try #require(view.document(["steps"], [:])).line
            let table = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            return try numbers(table, "step")
        }
        let archive = run.archive
        let elsewhere = folder.url.appending(path: "archive")
        try FileManager.default.moveItem(at: archive, to: elsewhere)
        #expect(try shown() == [0, 1, 2])
        try FileManager.default.moveItem(at: elsewhere, to: archive)
        try Data(lines[7...].joined().utf8).write(to: run.metrics)
        let deadline = ContinuousClock.now + .seconds(20)
        while try shown().count < 12, ContinuousClock.now < deadline {}
        #expect(try shown() == (0..<12).map(Double.init))
    }

    @Test func steps_ofALongRun_areThinnedOut() throws {
        let folder = try TemporaryFolder()
        var short = SyntheticRun(versionCount: 1)
        let run = try short.write(to: folder.url.appending(path: "run"))
        let lines = (0..<7000).map { step in
            "{\"step\":\(step),\"version\":\(step),\"time\":\"2026-02-14T00:00:00.000Z\",\"crystals\":1,\"scored\":1,"
                + "\"invalid\":{},\"failed\":{},\"crystals_per_second\":{\"sampled\":1,\"scored\":1,\"trained\":1},"
                + "\"seconds\":{\"wait\":1,\"sample\":1,\"score\":1,\"train\":1,\"checkpoint\":1,\"total\":2},"
                + "\"workers\":{\"actors\":1,\"reward_workers\":1},\"regranted\":0,\"requeued\":0,\"duplicates\":0}\n"
        }
        try Data(lines.joined().utf8).write(to: run.metrics)
        let view = RunView(key: "0", directory: run)
        let text = try #require(view.document(["steps"], [:])).line
        let table = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let steps = try numbers(table, "step")
        #expect(table["steps"] as? Int == 7000 && table["stride"] as? Int == 5)
        #expect(steps.count <= 1501 && steps.first == 0 && steps.last == 6999)
    }

    @Test func books_holdLedgerElementsHeightsAndEvaluations() throws {
        let folder = try TemporaryFolder()
        let run = try LedgerRun().write(to: folder.url.appending(path: "run"))
        let evaluation = """
            {"samples":1000,"stable_fraction":0.25,"valid_fraction":0.9,"unique_fraction":0.8,"space_groups":9,
            "elements":7,"e_above_hull":[0.1],"policy":"version 3"}
            """
        try Data(evaluation.utf8).write(to: run.evaluationAfter)
        let view = RunView(key: "0", directory: run)
        let text = try #require(view.document(["books"], [:])).line
        let books = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let ledger = try #require(books["ledger"] as? [String: Any])
        #expect(ledger["granted"] as? Int == 20 && ledger["balanced"] as? Bool == true)
        let elements = try #require(books["elements"] as? [String: Any])
        let cells = try #require(elements["cells"] as? [[Any]])
        #expect(cells.count == 118)
        #expect(cells[10][0] as? String == "Na" && cells[10][3] as? Int == elements["total"] as? Int)
        let told = try #require((books["evaluation"] as? [String: Any])?["after"] as? [String: Any])
        let stable = (told["as_sampled"] as? [String: Any])?["stable"] as? [Double]
        #expect(told["samples"] as? Int == 1000 && stable?.first == 0.25)
        let heights = try #require((books["before"] as? [String: Any])?["counts"] as? [Int])
        #expect(heights.reduce(0, +) > 0)
    }

    /// Whoever has seen the books of a run asks for them again once it is evaluated, and is told.
    @Test func evaluation_thatIsWrittenLater_isToldAtOnce() throws {
        let open = try OpenPage()
        #expect(try open.object("/api/runs/0/overview")["evaluated"] as? Double == nil)
        #expect(try open.object("/api/runs/0/books")["evaluation"] == nil)
        try EvaluationFile(sun: 20).write(to: open.runs[0].evaluationBefore)
        try EvaluationFile(sun: 48, relaxedSUN: 60).write(to: open.runs[0].evaluationAfter)
        var overview = try open.object("/api/runs/0/overview")
        let deadline = ContinuousClock.now + .seconds(60)
        while overview["evaluated"] as? Double == nil, ContinuousClock.now < deadline {
            overview = try open.object("/api/runs/0/overview")
        }
        #expect(abs(try #require(overview["evaluated"] as? Double) - Date().timeIntervalSince1970) < 300)
        let told = try #require(try open.object("/api/runs/0/books")["evaluation"] as? [String: [String: Any]])
        func sun(_ period: String, _ form: String) -> [Double]? {
            (told[period]?[form] as? [String: Any])?["sun"] as? [Double]
        }
        #expect(sun("before", "as_sampled")?.first == 0.05 && sun("after", "as_sampled")?.first == 0.12)
        #expect(abs((sun("after", "as_sampled")?.last ?? 0) - 0.01625) < 1e-4)
        #expect(sun("after", "relaxed")?.first == 0.15 && told["before"]?["relaxed"] == nil)
    }

    @Test func crystals_comeWithAtomsCellAndNumbers_andTheBestAreOrdered() throws {
        let open = try OpenPage()
        let best = try #require(
            try open.object("/api/runs/0/crystals?kind=best&count=5")["crystals"] as? [[String: Any]])
        #expect(best.count == 5)
        let heights = best.compactMap { $0["above_hull"] as? Double }
        #expect(heights == heights.sorted() && heights[0] > -0.5)
        let kinds = best.map { "\($0["formula"] ?? "") \($0["group"] ?? "")" }
        #expect(Set(kinds).count == 5)
        let atoms = try #require(best[0]["atoms"] as? [[Double]])
        #expect(atoms.count == best[0]["atoms_in_cell"] as? Int || atoms.count > 0)
        #expect(atoms.allSatisfy { $0.count == 4 && $0.dropFirst().allSatisfy { (0...1).contains($0) } })
        #expect((best[0]["cell"] as? [[Double]])?.count == 3)
        let newest = try #require(try open.object("/api/runs/0/crystals?kind=newest")["crystals"] as? [[String: Any]])
        #expect(newest.first?["version"] as? Int == 5)
        let id = try #require(best[0]["id"] as? String)
        let cif = String(
            decoding: try PageClient(url: open.page.invitation).get("/api/runs/0/crystals/\(id).cif"), as: UTF8.self)
        #expect(cif.contains("_cell_length_a") && cif.contains("loop_"))
        #expect(try RawClient.answer(port: open.port, "/api/runs/0/crystals/99-9-9.cif").hasPrefix("HTTP/1.1 404"))
    }

    @Test func fleet_ofAThousandPeers_isSortedFilteredAndCut() throws {
        let open = try OpenPage { run in
            let lines = (0..<1000).map { index in
                let role = index % 10 == 0 ? "actor" : "reward-worker"
                return "{\"role\":\"\(role)\",\"id\":\"node-\(1000 + index)\",\"time\":\"2026-02-14T00:00:00.000Z\","
                    + "\"crystals\":\(index),\"crystals_per_second\":\(index % 97),\"busy_fraction\":0.5,"
                    + "\"weight_version\":\(index == 0 ? 7 : 9)}\n"
            }
            try Data(lines.joined().utf8).write(to: run.roles)
        }
        let all = try open.object("/api/runs/0/fleet?sort=rate&count=20")
        #expect(all["total"] as? Int == 1000)
        let rows = try #require(all["rows"] as? [[String: Any]])
        let rates = rows.compactMap { $0["rate"] as? Double }
        #expect(rows.count == 20 && rates == rates.sorted(by: >) && rates[0] == 96)
        let actors = try open.object("/api/runs/0/fleet?role=actor&sort=name&order=asc&count=3&offset=1")
        #expect(actors["matching"] as? Int == 100)
        let names = try #require(actors["rows"] as? [[String: Any]]).compactMap { $0["name"] as? String }
        #expect(names == ["node-1010", "node-1020", "node-1030"])
        let one = try open.object("/api/runs/0/fleet?q=NODE-1000")
        #expect((one["rows"] as? [[String: Any]])?.first?["staleness"] as? Int == 2)
        let roles = try #require(all["roles"] as? [[String: Any]])
        #expect(roles.map { $0["peers"] as? Int } == [100, 900])
        let most = try open.object("/api/runs/0/fleet?count=100000")
        #expect((most["rows"] as? [Any])?.count == 500)
    }

    @Test func reading_besideAWriter_hindersNobody_andLeavesOneFile() throws {
        let open = try OpenPage(versions: [2])
        let archive = try RunArchive(url: open.runs[0].archive)
        for version in 2..<6 {
            try archive.insert([exampleCrystal(version: version)])
            #expect(try open.object("/api/runs/0/books")["problem"] == nil)
            #expect(try open.object("/api/runs/0/crystals?kind=newest&count=\(version)")["problem"] == nil)
        }
        let told = try #require(
            try open.object("/api/runs/0/crystals?kind=newest&count=9")["crystals"] as? [[String: Any]])
        #expect(told.first?["version"] as? Int == 5)
        try archive.close()
        #expect(!FileManager.default.fileExists(atPath: open.runs[0].archive.path + "-wal"))
    }

    @Test func run_thatIsLocked_isRunning_andLookingAtItLocksNobodyOut() throws {
        let open = try OpenPage(versions: [3])
        let folder = open.runs[0].url
        let view = RunView(key: "0", directory: open.runs[0])
        try Data("versions: 3\n".utf8).write(to: open.runs[0].configuration)
        for _ in 0..<50 {
            let (_, lock) = try RunDirectory.resume(at: folder)
            #expect(view.overview().condition == .running)
            lock.release()
            #expect(view.overview().condition != .running)
        }
    }

    @Test func run_withoutArchive_isShownAllTheSame() throws {
        let open = try OpenPage { try FileManager.default.removeItem(at: $0.archive) }
        #expect(try open.object("/api/runs/0/overview")["steps"] as? Int == 6)
        #expect((try open.object("/api/runs/0/books")["problem"] as? String)?.contains("no such file") == true)
    }

    @Test func folders_ofRuns_areFound_andOthersRefused() throws {
        let open = try OpenPage(versions: [1, 2])
        #expect(try RunFolders.find([open.folder.url.path]).map(\.url.lastPathComponent) == ["run-0", "run-1"])
        let empty = try TemporaryFolder()
        #expect(throws: PageError.noRun(path: empty.url.path)) { try RunFolders.find([empty.url.path]) }
    }
}
