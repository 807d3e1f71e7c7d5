import Configuration
import Crystals
import Engines
import Evaluation
import Foundation
import ModelFixtures
import Policy
import Report
import Rewards
import Testing

/// What an evaluation tells of the aims of a run.
@Suite struct AimFiguresTests {
    private static let engine = Result { try ScoringEngine(potential: "chgnet", hull: "default") }

    private static let reward = """
        terms:
          - {source: product, name: merit, of: [band_gap, band_gap_hse]}
          - {source: e_above_hull}
        """

    /// A small model of made-up weights predicts both factors.
    private func measurer(_ reward: String = Self.reward) throws -> AimMeasurer {
        let url = FileManager.default.temporaryDirectory.appending(path: "gap-\(UUID()).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try TinyMEGNet().knowingAllElements.write(to: url)
        let configuration = try ConfigurationLoader.parse(RewardConfiguration.self, text: reward, source: "reward")
        return try AimMeasurer(
            aims: try RewardAims(configuration),
            properties: try PropertyStandard(["\(url.path):band_gap,band_gap_hse"]), engine: try Self.engine.get())
    }

    /// A crystal as a line of an evaluation has it; nil of a number: there is none.
    private func crystal(
        _ id: String, gap: Double?, other: Double?, height: Double? = 0, isInDomain: Bool? = nil, equals: String? = nil
    ) throws -> EvaluatedCrystal {
        var predicted: [String: Any] = [:]
        predicted["band_gap"] = gap
        predicted["band_gap_hse"] = other
        if let isInDomain { predicted["band_gap_in_domain"] = isInDomain ? 1 : 0 }
        var aims: [String: Any] = [:]
        aims["e_above_hull"] = height
        var state: [String: Any] = [
            "structure": [
                "lattice": [[4, 0, 0], [0, 4, 0], [0, 0, 4]], "species": ["Na"], "frac_coords": [[0, 0, 0]],
            ], "predicted": predicted,
        ]
        if let gap, let other {
            aims["merit"] = gap * other
            state["front_point"] = [gap, other]
        }
        state["aims"] = aims
        state["e_above_hull"] = height
        state["equals"] = equals
        let object: [String: Any] = [
            "id": id, "formula": "Na\(id)", "elements": ["Na"], "space_group": 225, "as_sampled": state,
        ]
        return try JSONDecoder().decode(
            EvaluatedCrystal.self, from: JSONSerialization.data(withJSONObject: object))
    }

    private func figures(_ crystals: [EvaluatedCrystal]) throws -> EvaluationFigures {
        var figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true)
        figures.tell(try measurer(), of: crystals)
        return figures
    }

    // MARK: Quantiles

    @Test func quantile_liesBetweenItsNeighbours_errorIsOfOrderStatistics() throws {
        let numbers = (0...100).map(Double.init)
        let median = AimFigures.Quantile(0.5, ofSorted: numbers)
        // One standard deviation of the rank: √(101 · 1/4).
        #expect(median.value == 50 && abs((median.error ?? 0) - (101.0 / 4).squareRoot()) < 1e-12)
        let high = AimFigures.Quantile(0.95, ofSorted: numbers)
        #expect(abs(high.value - 95) < 1e-12 && abs((high.error ?? 0) - (101 * 0.95 * 0.05).squareRoot()) < 1e-12)
        #expect(AimFigures.Quantile(0.5, ofSorted: [1, 2]).value == 1.5)
        #expect(AimFigures.Quantile(0.5, ofSorted: [1, 2]).error == nil)
        // Of numbers that are to be low the other end is the best.
        #expect(try #require(AimFigures.Spread(numbers, wantsLow: true)).best.value == 5)
        #expect(AimFigures.Spread([.nan], wantsLow: false) == nil)
    }

    /// A term that is itself whether a model knows the like.
    @Test func domain_ofATermOfTheDomain_isItsOwnAnswer() throws {
        let crystals = [
            try crystal("a", gap: 1, other: 6, isInDomain: true), try crystal("b", gap: 2, other: 5, isInDomain: false),
        ]
        var figures = EvaluationFigures(of: crystals, threshold: 0.1, tellsNovelty: true)
        figures.tell(
            try measurer(
                """
                terms:
                  - {source: band_gap_in_domain, name: merit}
                  - {source: e_above_hull}
                """), of: crystals)
        let merit = try #require(figures.aims?.numbers.first { $0.name == "merit" })
        #expect(merit.all?.count == 2 && merit.sound?.count == 1 && merit.inDomain == .init(1, of: 2))
    }

    // MARK: Figures

    @Test func figures_tellEachNumber_withItsDenominator() throws {
        let crystals = [
            try crystal("a", gap: 1, other: 6, isInDomain: true),
            try crystal("b", gap: 2, other: 5, height: 0.3, isInDomain: true),
            try crystal("c", gap: 4, other: 1, height: 0.05, isInDomain: false), try crystal("d", gap: 3, other: nil),
            try crystal("e", gap: nil, other: nil, height: nil),
        ]
        let aims = try #require(try figures(crystals).aims)
        #expect(aims.numbers.map(\.name) == ["merit", "e_above_hull", "band_gap", "band_gap_hse"])
        let merit = aims.numbers[0]
        #expect(merit.unit == "eV eV" && merit.all?.count == 3 && merit.all?.median.value == 6)
        #expect(merit.inDomain == .init(2, of: 3))
        // Only a is stable and of the domain.
        #expect(merit.sound?.count == 1 && merit.sound?.median.value == 6)
        #expect(aims.numbers[1].wantsLow && aims.numbers[1].all?.count == 4)
        #expect(aims.numbers[2].all?.count == 4 && aims.numbers[2].all?.median.value == 2.5)
        // 1 · 6 + 1 · 5 + 2 · 1, of a alone 6.
        let front = try #require(aims.front)
        #expect(front.axes == ["band_gap", "band_gap_hse"] && front.crystals == 3 && front.hypervolume == 13)
        #expect(front.soundCrystals == 1 && front.soundHypervolume == 6)
        #expect(try figures(crystals).relaxedAims == nil)
    }

    @Test func table_sheetAndRecord_tellTheSame() throws {
        let before = try figures([try crystal("a", gap: 1, other: 6, isInDomain: true)])
        let after = try figures([try crystal("b", gap: nil, other: nil)])
        let table = EvaluationTable([("before", before), ("after", after)]).text
        let lines = table.split(separator: "\n").map(String.init)
        let row = try #require(lines.first { $0.hasPrefix("merit, eV eV: median") })
        #expect(row.contains("6.00 of 1") && row.hasSuffix("none of 1"))
        #expect(lines.contains { $0.hasPrefix("    95th percentile") && $0.contains("6.00") })
        let volume = try #require(lines.first { $0.hasPrefix("hypervolume of band_gap, band_gap_hse") })
        #expect(volume.contains("6.00 by 1 crystal"))
        #expect(lines.contains { $0.hasPrefix("    5th percentile") })
        let sheet = try #require(EvaluationSheet.aims([("before", before), ("after", after)]))
        let merit = try #require(sheet.split(separator: "\n").first { $0.hasPrefix("before,as_sampled,all,merit,") })
        #expect(merit == "before,as_sampled,all,merit,eV eV,1,1,6.0,,95,6.0,,1.0,")
        #expect(sheet.contains("before,as_sampled,all,hypervolume of band_gap band_gap_hse,,1,1,,,,,,,6.0"))
        let decoded = try JSONDecoder().decode(EvaluationFigures.self, from: JSONEncoder().encode(before))
        #expect(decoded == before)
        // Of a run without aims there is nothing of the kind.
        let plain = EvaluationFigures(of: [], threshold: 0.1, tellsNovelty: true)
        #expect(EvaluationSheet.aims([("plain", plain)]) == nil && plain.aims == nil)
    }

    // MARK: Page

    @Test func page_drawsBothPolicies_frontsAndCandidates() throws {
        let before = [try crystal("1", gap: 1, other: 6), try crystal("2", gap: 0.5, other: 2, height: 0.4)]
        let after = [
            try crystal("3", gap: 9, other: 9, height: 0.5), try crystal("4", gap: 2, other: 7),
            try crystal("5", gap: 2, other: 7, equals: "4"), try crystal("6", gap: nil, other: nil),
        ]
        let section = try #require(
            AimSection(
                try measurer(), of: [("before", before), ("after", after)], threshold: 0.1, tellsNovelty: true,
                known: .init(title: "known", points: [.init(formula: "MgO", x: 4, y: 4, isSound: true)])))
        #expect(section.groups.map(\.points.count) == [2, 3] && section.groups[1].front == [0])
        // Low heights first, best first; equal crystals once.
        #expect(section.candidates.map(\.formula) == ["Na4", "Na1", "Na3", "Na2"])
        #expect(section.product == "merit" && section.horizontal == "band gap, eV")
        let columns = [("before", try figures(before)), ("after", try figures(after))]
        let html = EvaluationPage(title: "T", columns: columns, table: "t", footer: "f", aims: section).html()
        #expect(html.components(separatedBy: "class=\"mark").count - 1 == 6)
        #expect(html.components(separatedBy: "class=\"front ").count - 1 == 3)
        // 81 is the largest product.
        for value in ["5", "10", "20", "50"] { #expect(html.contains("<title>merit \(value)</title>"), "\(value)") }
        #expect(html.contains("Na<sub>4</sub>") && html.contains("<th>merit</th>"))
        let plain = EvaluationPage(title: "T", columns: columns, table: "t", footer: "f").html()
        #expect(!plain.contains("class=\"front "))
    }

    @Test func section_withoutTwoPredictedNumbers_isNone() throws {
        for reward in ["terms: [{source: band_gap}]", "terms: [{source: product, of: [band_gap, mine]}]"] {
            let section = AimSection(
                try measurer(reward), of: [("a", [])], threshold: 0.1, tellsNovelty: true, known: nil)
            #expect(section == nil)
        }
    }

    // MARK: Evaluation

    /// Every valid crystal gets both numbers as its structure alone has them, whatever the threads, also from a log.
    @Test func evaluation_withAims_predictsOfEveryValidCrystal() throws {
        let measurer = try measurer()
        func evaluated(_ threads: Int, _ log: EvaluationLog? = nil) throws -> [String] {
            let evaluation = CrystalEvaluation(
                engine: try Self.engine.get(), settings: ExaminationSettings(), kinds: KindVerdicts(known: nil),
                aims: measurer, threads: threads)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return try evaluation.evaluate(
                PolicyWeights.embedded(), plan: .among([#require(SpaceGroup(number: 225))], count: 12),
                options: SamplingOptions(), seed: 3, prefix: "x-", log: log
            ).map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        }
        let url = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: url) }
        let lines = try evaluated(2, EvaluationLog(url, settings: measurer.words))
        #expect(try evaluated(1) == lines)
        let log = try EvaluationLog(url, settings: measurer.words)
        #expect(log.count == 12)
        #expect(try evaluated(1, log) == lines)
        let valid = lines.filter { !$0.contains("\"invalid\"") }
        let told = lines.filter { $0.contains("\"merit\"") && $0.contains("\"front_point\"") }
        #expect(valid.count > 6 && told.count > valid.count / 2)
        #expect(lines.filter { $0.contains("\"invalid\"") }.allSatisfy { !$0.contains("predicted") })
        // Another model is another evaluation.
        #expect(throws: EvaluationLog.Problem.self) { try EvaluationLog(url, settings: "other") }
    }
}
