import Archive
import ArchiveFixtures
import Base
import Crystals
import Foundation
import Report
import Telemetry
import Testing

@Suite struct ReportTests {
    private func page(_ directory: RunDirectory) throws -> String {
        let data = try ReportData(RunDirectory.open(at: directory.url))
        return ReportPage(
            data: data, cif: { "data_\($0.sites.count)\n'<x> & \"y\"'\n" }, spaceGroupSymbol: { "G<\($0.number)>" }
        ).html()
    }

    @Test(arguments: [(0, true), (1, true), (2, true), (3, false), (130, true)])
    func page_ofAnyRun_isWellFormedAndSelfContained(versions: Int, hasScores: Bool) throws {
        try withTemporaryFolder { folder in
            var run = SyntheticRun(versionCount: versions, crystalsPerVersion: 16, hasScores: hasScores)
            let html = try page(try run.write(to: folder.appending(path: "run")))
            #expect(unbalancedTag(in: html) == nil)
            #expect(!html.contains("<script"))
            for address in ["http://", "https://", "src=", "url(", "@import"] { #expect(!html.contains(address)) }
            #expect(!html.contains("nan") && !html.contains("NaN") && !html.contains("inf\""))
            #expect(html.contains("20260214-5f0c21ab"))
            #expect(html.contains("clip: &lt;per component&gt;"))
            let cards = html.components(separatedBy: "<article").count - 1
            #expect(cards == (hasScores ? min(20, cards) : 0))
            #expect(versions == 0 || !hasScores || cards > 5)
        }
    }

    @Test func page_hasTheNumbersOfTheRun() throws {
        try withTemporaryFolder { folder in
            var run = SyntheticRun(versionCount: 12)
            let directory = try run.write(to: folder.appending(path: "run"))
            let data = try ReportData(directory)
            let before = try known(data.before)
            let after = try known(data.after)
            #expect(before.label == "versions 0 to 4")
            #expect(after.label == "versions 7 to 11")
            #expect(data.crystalCount == 768)
            let mean = data.records.prefix(5).compactMap(\.stableFraction).reduce(0, +) / 5
            #expect((before.stableFraction - mean).magnitude < 1e-12)
            #expect(before.crystals == 320)
            let archive = try RunArchive(url: directory.archive, access: .readOnly)
            let unique = try (0...4).map { version in
                var spread = CrystalSpread()
                for crystal in try archive.crystals(versions: version...version) { spread.add(crystal.crystal) }
                return spread.uniqueFraction
            }
            #expect(abs((before.uniqueFraction ?? 0) - unique.reduce(0, +) / 5) < 1e-12)
            let histogram = after.histogram
            let scored = try RunArchive(url: directory.archive, access: .readOnly).outcomes(versions: 7...11)
                .filter { $0.outcome == .scored }.reduce(0) { $0 + $1.count }
            #expect(histogram.counts.reduce(0, +) + histogram.below + histogram.above == scored)
            #expect(data.best.count == 20)
            #expect(data.best.allSatisfy { ($0.energyAboveHull ?? -9) >= ReportData.implausibleEnergy })
            let html = try page(directory)
            #expect(html.contains("<b>768</b>"))
            #expect(html.contains(HumanFormat.percent(after.stableFraction)))
            #expect(html.contains("G&lt;"))
        }
    }

    @Test func evaluations_takeThePlaceOfTheVersions() throws {
        try withTemporaryFolder { folder in
            var run = SyntheticRun(versionCount: 3)
            let directory = try run.write(to: folder.appending(path: "run"))
            let evaluation = EvaluationSummary(
                samples: 1_000, stableFraction: 0.21, validFraction: 0.9, uniqueFraction: 0.99, spaceGroups: 70,
                elements: 80, energiesAboveHull: [-0.4, 0.01, 0.02, 0.3, 5])
            try evaluation.write(to: directory.evaluationBefore)
            #expect(try EvaluationSummary.read(directory.evaluationBefore) == evaluation)
            let data = try ReportData(directory)
            #expect(data.before?.label == "evaluation of 1,000 samples")
            #expect(data.before?.histogram.counts.reduce(0, +) == 3)
            #expect(data.before?.histogram.below == 1)
            #expect(data.before?.histogram.above == 1)
            #expect(data.after?.label == "version 2")
            #expect(try page(directory).contains("21.0% → "))
            try Data("{}".utf8).write(to: directory.evaluationAfter)
            #expect(
                throws: ArchiveError.damaged(
                    path: directory.evaluationAfter.path, reason: "it is not the result of an evaluation")
            ) { try ReportData(directory) }
        }
    }

    @Test func records_missingInTheArchive_comeFromTheMetricsFile() throws {
        try withTemporaryFolder { folder in
            var run = SyntheticRun(versionCount: 2)
            let directory = try run.write(to: folder.appending(path: "run"))
            try JSONLinesWriter(url: directory.metrics).append(StepRecord(step: 2))
            #expect(try ReportData(directory).records.map(\.step) == [0, 1, 2])
        }
    }

    /// The first tag that is not closed, or closed without being open.
    private func unbalancedTag(in html: String) -> String? {
        var open: [Substring] = []
        for piece in html.split(separator: "<").dropFirst() {
            guard let end = piece.firstIndex(of: ">") else { return String(piece) }
            let tag = piece[..<end]
            let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }
            if tag.hasPrefix("!") || tag.hasSuffix("/") || ["meta", "br"].contains(name) { continue }
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { return String(tag) }
            } else {
                open.append(name)
            }
        }
        return open.last.map(String.init)
    }
}
