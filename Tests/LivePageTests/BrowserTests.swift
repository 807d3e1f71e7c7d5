import Archive
import ArchiveFixtures
import Foundation
import LivePage
import ProgramFixtures
import Testing

/// The page in a real browser. Screenshots are kept in the folder that DRUSE_SCREENSHOTS names.
@Suite(
    .serialized, .timeLimit(.minutes(4)), .enabled(if: Browser.path != nil, "needs Chromium: apt-get install chromium"))
struct BrowserTests {
    /// How the page is looked at.
    struct Look: Sendable, CustomTestStringConvertible {
        var name: String
        var size: (width: Int, height: Int)
        var isDark = false
        var testDescription: String { name }

        static let all = [
            Look(name: "desktop-light", size: (1360, 3600)),
            Look(name: "desktop-dark", size: (1360, 3600), isDark: true),
            Look(name: "phone", size: (390, 7000)),
        ]
    }

    private func keep(_ picture: Data, _ name: String) throws {
        guard let folder = ProcessInfo.processInfo.environment["DRUSE_SCREENSHOTS"] else { return }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try picture.write(to: URL(filePath: folder).appending(path: "\(name).png"))
    }

    private func runs() throws -> OpenPage {
        try OpenPage(versions: [24, 9]) { run in
            let evaluation = """
                {"samples":1000,"stable_fraction":0.25,"valid_fraction":0.9,"unique_fraction":0.8,"space_groups":9,
                "elements":7,"e_above_hull":[0.1],"policy":"version 3"}
                """
            try Data(evaluation.utf8).write(to: run.evaluationAfter)
            try Data("versions: 24\nbatch_size: 64\n".utf8).write(to: run.configuration)
        }
    }

    @Test(arguments: Look.all) func page_isDrawnWithoutAComplaint_orAForeignRequest(look: Look) async throws {
        let open = try runs()
        let origin = "http://127.0.0.1:\(open.port)"
        try await OwnThread.run { [port = open.port] in
            let browser = try Browser()
            try browser.look(width: look.size.width, height: look.size.height, isDark: look.isDark)
            try browser.open("http://127.0.0.1:\(port)/#run-0")
            try browser.wait(for: "document.querySelectorAll('path.line').length > 8")
            let text = try #require(try browser.evaluate("document.body.innerText") as? String)
            for part in ["Course of the run", "Crystals", "Ledger", "What is made", "version 24 of 24"] {
                #expect(text.contains(part), "\(part)")
            }
            // Balls are drawn: the picture of the crystal has many colours.
            let colours = """
                (() => { const canvas = document.querySelector('.viewer > canvas');
                const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                const seen = new Set(); for (let at = 0; at < pixels.length; at += 64) seen.add(pixels[at] * 65536 +
                pixels[at + 1] * 256 + pixels[at + 2]); return seen.size; })()
                """
            #expect((try browser.evaluate(colours) as? Int ?? 0) > 50)
            // Nothing is wider than the window.
            #expect(try browser.evaluate("document.documentElement.scrollWidth <= innerWidth") as? Bool == true)
            let nameless =
                "[...document.querySelectorAll('button, input, select, a, svg[role], canvas[role]')]"
                + ".filter((one) => !one.closest('.hidden'))"
                + ".filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label'))).length"
            #expect(try browser.evaluate(nameless) as? Int == 0, "everything has a name for those who do not see it")
            let background = try browser.evaluate("getComputedStyle(document.body).backgroundColor") as? String
            #expect((background == "rgb(17, 19, 23)") == look.isDark, "\(background ?? "")")
            let picture = try browser.screenshot()
            #expect(picture.count > 100_000)
            try keep(picture, look.name)
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
            #expect(browser.requests.count > 10 && browser.requests.allSatisfy { $0.hasPrefix(origin) })
        }
    }

    /// S.U.N. of an evaluation is shown, also of one that is made while somebody looks.
    @Test func evaluation_isShown_alsoWhereItComesLater() async throws {
        let open = try OpenPage(versions: [6]) { run in
            try Data("versions: 6\nbatch_size: 64\n".utf8).write(to: run.configuration)
            try EvaluationFile(sun: 20).write(to: run.evaluationBefore)
        }
        let after = open.runs[0].evaluationAfter
        try await OwnThread.run { [port = open.port] in
            let browser = try Browser()
            try browser.look(width: 1360, height: 900)
            try browser.open("http://127.0.0.1:\(port)/")
            let table = "(document.querySelector('#evaluation table')?.innerText ?? '')"
            try browser.wait(for: "\(table).includes('S.U.N.')")
            let shown = try #require(try browser.evaluate(table) as? String)
            #expect(shown.contains("before") && shown.contains("5.0%") && !shown.contains("after"), "\(shown)")
            try EvaluationFile(sun: 48).write(to: after)
            try browser.wait(for: "\(table).includes('after')")
            let then = try #require(try browser.evaluate(table) as? String)
            #expect(then.contains(try Regex("S.U.N.\\s+5.0% ± 1.1%\\s+12.0% ± 1.6%")), "\(then)")
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        }
    }

    @Test func page_isLedByTheKeyboard() async throws {
        let open = try runs()
        try await OwnThread.run { [port = open.port] in
            let browser = try Browser()
            try browser.look(width: 1360, height: 900)
            try browser.open("http://127.0.0.1:\(port)/")
            #expect(try browser.evaluate("document.querySelector('h1').textContent") as? String == "Runs")
            try keep(browser.screenshot(), "comparison")
            _ = try browser.evaluate("document.querySelectorAll('#runs button')[1].click()")
            try browser.wait(for: "document.querySelector('h1').textContent === 'run-0'")
            try browser.wait(for: "document.querySelector('.viewer .name') !== null")
            // The theme goes round: as the system has it, light, dark.
            for _ in 0..<2 { _ = try browser.evaluate("document.getElementById('theme').click()") }
            #expect(try browser.evaluate("document.documentElement.dataset.theme") as? String == "dark")
            // A crystal is turned.
            let shown = "document.querySelector('.viewer > canvas').toDataURL()"
            _ = try browser.evaluate("document.querySelector('.viewer > canvas').focus()")
            try browser.press("0")
            let before = try browser.evaluate(shown) as? String
            try browser.press("ArrowLeft")
            let after = try browser.evaluate(shown) as? String
            #expect(before != after)
            // A plot reads its values.
            _ = try browser.evaluate("document.querySelector('figure svg[tabindex]').focus()")
            try browser.press("Home")
            try browser.press("ArrowRight")
            try browser.wait(for: "/^step 1\\b/.test(document.querySelector('.tip:not(.hidden)')?.textContent ?? '')")
            // Other crystals are chosen.
            _ = try browser.evaluate(
                "[...document.querySelectorAll('.tabs button')].find((one) => one.textContent === 'Newest').click()")
            try browser.wait(
                for: "document.querySelector('.viewer dl').textContent.includes('version 23')")
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
        }
    }

    @Test func fleetOfAThousand_isUsable() async throws {
        let open = try OpenPage(versions: [2]) { run in
            let lines = (0..<1000).map { index in
                "{\"role\":\"\(index % 5 == 0 ? "actor" : "reward-worker")\",\"id\":\"node-\(1000 + index)\","
                    + "\"time\":\"2026-02-14T00:00:00.000Z\",\"crystals\":\(index),\"crystals_per_second\":"
                    + "\(index % 97),\"busy_fraction\":\(Double(index % 100) / 100),\"weight_version\":1}\n"
            }
            try Data(lines.joined().utf8).write(to: run.roles)
        }
        try await OwnThread.run { [port = open.port] in
            let browser = try Browser()
            try browser.look(width: 1360, height: 900)
            try browser.open("http://127.0.0.1:\(port)/")
            try browser.wait(for: "document.querySelectorAll('#fleet tbody tr').length === 25")
            #expect(
                try browser.evaluate("document.querySelector('#fleet .title').innerText.includes('1,000')") as? Bool
                    == true)
            _ = try browser.evaluate("document.getElementById('fleet').scrollIntoView()")
            _ = try browser.evaluate(
                "(() => { const field = document.querySelector('#fleet input'); field.value = 'node-1777';"
                    + "field.dispatchEvent(new Event('input')); })()")
            try browser.wait(for: "document.querySelectorAll('#fleet tbody tr').length === 1")
            #expect(browser.complaints.isEmpty, "\(browser.complaints)")
            _ = try browser.evaluate(
                "(() => { const field = document.querySelector('#fleet input'); field.value = '';"
                    + "field.dispatchEvent(new Event('input')); })()")
            try browser.wait(for: "document.querySelectorAll('#fleet tbody tr').length === 25")
            try keep(browser.screenshot(), "fleet")
        }
    }
}
