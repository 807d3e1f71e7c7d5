import Configuration
import Crystals
import Foundation
import Rewards
import Testing
import Trajectories

@Suite struct RewardTermTests {
    private func terms(_ text: String) throws -> [RewardTerm] {
        try ConfigurationLoader.parse(RewardConfiguration.self, text: "terms: [\(text)]", source: "reward").terms
    }

    // MARK: Shapes

    private static let shapes: [(String, Double, Double)] = [
        ("shape: linear, scale: 2", 3.0, 1.5), ("shape: linear, scale: 2, want: low", 3, -1.5),
        ("shape: linear, bounds: [0, 1]", 3, 1), ("shape: exponential, scale: 0.5, want: low", 0.5, exp(-1)),
        ("shape: exponential", 3, 2), ("shape: sigmoid, target: 2, scale: 0.5", 2, 0.5),
        ("shape: sigmoid, target: 2, scale: 0.5", 3, 1 / (1 + exp(-2.0))),
        ("shape: sigmoid, target: 2, scale: 0.5, want: low", 3, 1 / (1 + exp(2.0))),
        ("shape: window, window: [1, 2]", 1.5, 1), ("shape: window, window: [1, 2], scale: 0.5", 2.5, exp(-1)),
        ("shape: window, window: [1, 2], scale: 0.5", 0.5, exp(-1)),
        ("shape: target, target: 2", 5, -9), ("shape: target, target: 2, penalty: absolute, scale: 2", 5, -1.5),
        ("shape: target, target: 2, tolerance: 1", 5, -4), ("shape: target, target: 2, tolerance: 1", 2.9, 0),
        ("shape: target, target: 2, side: below", 5, 0), ("shape: target, target: 2, side: below", 1, -1),
        ("shape: target, target: 2, side: above", 1, 0), ("shape: log, scale: 2", 2 * exp(1), 1),
        ("shape: log, want: low", exp(2), -2), ("shape: log", 0, -10), ("shape: log", -1, -10),
        ("shape: log, want: low", 0, 10), ("shape: log, want: low", -0.2, 10),
        ("shape: log, want: low, bounds: [-3, 4]", -1e-9, 4), ("shape: log, want: low", .infinity, -10),
        ("shape: linear", .infinity, 10), ("shape: linear", -.infinity, -10),
    ]

    @Test(arguments: Self.shapes)
    func shape_hasAKnownValue(text: String, number: Double, expected: Double) throws {
        let term = try #require(try terms("{source: band_gap, \(text)}").first)
        let value = try #require(term.shape.value(of: number))
        #expect(abs(value - expected) < 1e-12)
        #expect(term.shape.value(of: .nan) == nil)
    }

    @Test func want_isLowOfWhatIsUsuallyWantedLow() throws {
        for source in [
            "e_above_hull", "judge_e_above_hull", "formation_energy_per_atom", "uncertainty", "occurrences",
        ] { #expect(try terms("{source: \(source)}").first?.want == .low, "\(source)") }
        #expect(try terms("{source: band_gap}").first?.want == .high)
        #expect(try terms("{source: e_above_hull, want: high}").first?.want == .high)
    }

    // MARK: Configuration

    @Test(arguments: [
        ("{shape: linear}", "terms[0].source"), ("{source: Band Gap}", "terms[0].source"),
        ("{source: band_gap, shape: target}", "terms[0].target"),
        ("{source: band_gap, shape: window}", "terms[0].window"),
        ("{source: band_gap, target: 2}", "terms[0].target"), ("{source: band_gap, of: [a, b]}", "terms[0].of"),
        ("{source: product, of: [a]}", "terms[0].of"), ("{source: product}", "terms[0].of"),
        ("{source: element_fraction}", "terms[0].elements"),
        ("{source: element_fraction, elements: [Xx]}", "terms[0].elements"),
        ("{source: space_group}", "terms[0].space_groups"), ("{source: band_gap, weight: 0}", "terms[0].weight"),
        ("{source: band_gap, scale: 0}", "terms[0].scale"), ("{source: band_gap, shap: log}", "shape"),
        ("{source: band_gap}, {source: band_gap}", "two terms of the name band_gap"),
        ("{source: band_gap, shape: target, target: 2, want: low}", "terms[0].want"),
        ("{source: band_gap, shape: window, window: [1, 2], want: high}", "terms[0].want"),
        ("{source: product, of: [band_gap, novelty]}", "terms[0].of"),
        ("{source: band_gap, normalize: batch}", "invalid_reward"),
    ])
    func aTermThatMakesNoSense_isRefusedByItsKey(text: String, key: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try terms(text) }
        #expect("\(try #require(error))".contains(key), "\(String(describing: error))")
    }

    @Test(arguments: [
        ("{combine: pareto}", "combine"), ("{combine: product, terms: [{source: band_gap}]}", "combine"),
        ("{combine: pareto, terms: [{source: a, weight: 2}, {source: b}]}", "combine"),
        ("{terms: [{source: a}], shape: {kind: linear}}", "shape"),
        ("{terms: [{source: a}], invalid_reward: 0}", "invalid_reward"),
        ("{guards: {use: none, spread: 1}}", "guards.spread"), ("{guards: some}", "guards"),
        ("{guards: {batch_repeats: [6, 3]}}", "batch_repeats"),
        ("{guards: {below_hull: allow, below_hull_by: 0.2}}", "guards.below_hull_by"),
        ("{guards: {sparse_hull: allow, sparse_entries: 8}}", "guards.sparse_entries"),
        ("{guards: {uncertain: floor}}", "guards.uncertain"), ("{guards: {unconverged: allow}}", "guards.unconverged"),
        ("{combine: pareto, terms: [{source: a, on_failure: skip}, {source: b}]}", "combine"),
        ("{combine: product, terms: [{source: a, bounds: [0, 9], weight: -1}]}", "combine"),
    ])
    func aRewardThatMakesNoSense_isRefusedByItsKey(text: String, key: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLoader.parse(RewardConfiguration.self, text: text, source: "reward")
        }
        #expect("\(try #require(error))".contains(key), "\(String(describing: error))")
    }

    @Test func terms_writtenAndRead_areTheSame() throws {
        let text = """
            terms:
              - {source: e_above_hull, shape: exponential, scale: 0.15}
              - {source: product, name: merit, of: [band_gap, dielectric_total], bounds: [0, 50], weight: 0.1}
              - {source: band_gap, shape: target, target: 2, tolerance: 0.1, penalty: absolute, side: below}
              - {source: element_fraction, elements: [Pb, Tl], shape: window, window: [0, 0.1], on_failure: skip}
            guards: none
            """
        let reward = try ConfigurationLoader.parse(RewardConfiguration.self, text: text, source: "reward")
        #expect(reward.guards == .none)
        #expect(reward.terms.map(\.name) == ["e_above_hull", "merit", "band_gap", "element_fraction"])
        let again = try ConfigurationLoader.parse(
            RewardConfiguration.self, text: ConfigurationText.yaml(reward), source: "again")
        #expect(again == reward)
        let decoded = try JSONDecoder().decode(RewardConfiguration.self, from: JSONEncoder().encode(reward))
        #expect(decoded == reward)
    }

    // MARK: Computed sources

    private func number(_ term: String, _ crystal: Crystal) throws -> Double? {
        var reward = RewardConfiguration()
        reward.terms = try terms("{source: \(term), want: high, bounds: [-1000, 1000]}")
        reward.guards = .none
        var judge = try RewardJudge(reward)
        return try judge.judge([(crystal, .measured(Trajectories.Measurement([:])))]).verdicts[0].reward
    }

    @Test func computedSources_haveKnownNumbers() throws {
        let salt = Crystal.rockSalt(a: 5.6)
        #expect(try number("element_count", salt) == 2)
        #expect(try number("atom_count", salt) == 8)
        #expect(try number("site_count", salt) == 2)
        #expect(try number("element_fraction, elements: [Na, K]", salt) == 0.5)
        #expect(try number("space_group, space_groups: [221, 225]", salt) == 1)
        #expect(try number("space_group, space_groups: [1]", salt) == 0)
        #expect(try number("charge_balance", salt) == 1)
        let unbalanced = Crystal.cubic(225, [(1, "Na", .zero), (3, "F", SIMD3(repeating: 0.25))], a: 5.5)
        #expect(try number("charge_balance", unbalanced) == 0)
        let volume = try #require(try number("volume_per_atom", salt))
        #expect(abs(volume - 21.952) < 1e-9)
        #expect(try number("occurrences", salt) == 1)
        // Four formulas of 58.44 u.
        let density = try #require(try number("density", salt))
        #expect(abs(density - 4 * 58.44 * 1.66053907 / 175.616) < 1e-3)
        // Of Na and Cl by mass, as pymatgen has them; Pm has no price.
        #expect(try number("price", .rockSalt("Pm", "Cl")) == nil)
        for table in ["price", "crustal_abundance", "hhi_production", "hhi_reserve"] {
            #expect(try number(table, salt) ?? 0 > 0, "\(table)")
        }
    }

    @Test func occurrences_countOverTheRun() throws {
        var reward = RewardConfiguration()
        reward.terms = try terms("{source: composition_occurrences, want: high}")
        reward.guards = .none
        var judge = try RewardJudge(reward)
        let one: (crystal: Crystal, outcome: Outcome) = (.rockSalt(), .measured(Trajectories.Measurement([:])))
        #expect(try judge.judge([one, one]).verdicts.map(\.reward) == [1, 2])
        #expect(try judge.judge([one]).verdicts.map(\.reward) == [3])
    }

    @Test func novelty_isOfAnIndexOfKnownCrystals() throws {
        // Rock salt is known; the same cell with elements that nobody puts together is not.
        #expect(try number("novelty", .rockSalt(a: 5.69)) == 0)
        #expect(try number("novelty", .rockSalt("Au", "Nb", a: 6.9)) == 1)
        let error = #expect(throws: JudgingError.self) { try number("novelty, known: /nowhere.index", .rockSalt()) }
        #expect("\(try #require(error))".contains("/nowhere.index"))
    }
}
