import Configuration
import Foundation
import Rewards
import Testing
import Trajectories

@Suite struct RewardConfigurationTests {
    private func decode(_ text: String) throws -> RewardConfiguration {
        try JSONDecoder().decode(RewardConfiguration.self, from: Data(text.utf8))
    }

    private func parse(_ text: String) throws -> RewardConfiguration {
        try ConfigurationLoader.parse(RewardConfiguration.self, text: text, source: "reward")
    }

    @Test func relax_inItsShortForms_isReadAsTheTable() throws {
        #expect(try parse("relax: none").relax == RelaxationRule())
        let converged = try parse("relax: converged").relax
        #expect(converged.until == .converged && converged.maximumSteps == 300)
        #expect(try parse("relax: {until: converged}").relax == converged)
        let steps = try parse("relax: {steps: 20}").relax
        #expect(steps.until == .steps && steps.maximumSteps == 20)
        #expect(try parse("relax: {until: converged, steps: 50, force: 0.02}").relax.until == .converged)
        // What is written can be read.
        let text = ConfigurationText.yaml(try parse("relax: {steps: 20}"))
        #expect(try parse(text).relax == steps, "\(text)")
    }

    @Test(arguments: [
        "relax: sometimes", "relax: {steps: 0}", "relax: {until: none, force: -1}", "relax: 20", "relax:",
    ])
    func relax_thatMakesNoSense_isRefusedByItsKey(text: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try parse(text) }
        #expect("\(try #require(error))".contains("relax"), "\(String(describing: error))")
    }

    @Test func linearShape_isClippedMinusHeight() {
        let shape = RewardShape.linear(clip: -10...10)
        #expect(shape.reward(energyAboveHull: 0.25) == -0.25)
        #expect(shape.reward(energyAboveHull: -0.25) == 0.25)
        #expect(shape.reward(energyAboveHull: 11) == -10)
        #expect(shape.reward(energyAboveHull: -.infinity) == 10)
        #expect(shape.floor == -10)
    }

    /// The reference's reward function returns the clipped height; the policy maximises its negative.
    @Test func linearShape_ofReferenceQueries_isTheReferencesReward() throws {
        struct Query: Decodable {
            let eAboveHull: Double?
            let rewardValue: Double
        }
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "Fixtures/physics/hull/reference_queries.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let queries = try decoder.decode([Query].self, from: Data(contentsOf: file))
        let shape = RewardShape.linear(clip: RewardShape.defaultClip)
        for query in queries {
            let reward = query.eAboveHull.map { shape.reward(energyAboveHull: $0) } ?? shape.floor
            #expect(abs(reward + query.rewardValue) < 1e-12)
        }
    }

    @Test func exponentialShape_staysBetweenZeroAndItsMaximum() {
        let shape = RewardShape.default
        #expect(shape.reward(energyAboveHull: 0) == 1)
        #expect(abs(shape.reward(energyAboveHull: 0.15) - exp(-1)) < 1e-15)
        #expect(shape.reward(energyAboveHull: -0.2) == 2)
        #expect(shape.reward(energyAboveHull: -1e6) == 2)
        #expect(shape.reward(energyAboveHull: 1e6) == 0)
        #expect(shape.floor == 0)
        var last = Double.infinity
        for step in -100...300 {
            let reward = shape.reward(energyAboveHull: Double(step) * 0.01)
            #expect(reward <= last && reward >= 0 && reward <= 2)
            last = reward
        }
    }

    @Test func decode_ofNothing_givesTheDefaults() throws {
        let configuration = try decode("{}")
        #expect(configuration == RewardConfiguration())
        #expect(configuration.shape == .exponential(scale: 0.15, maximum: 2))
        #expect(configuration.limits.minimumDistance == 0.5)
        #expect(configuration.limits.maximumAtoms == 200)
        #expect(configuration.floor == 0)
        #expect(configuration.problems().isEmpty)
    }

    @Test func decode_ofThePaper_givesItsReward() throws {
        let configuration = try decode("{\"shape\": {\"kind\": \"linear\", \"clip\": [-10, 10]}}")
        #expect(configuration.shape == .linear(clip: -10...10))
        #expect(configuration.floor == -10)
        #expect(configuration.reward(of: .invalid(.atomsTooClose)) == -10)
        #expect(configuration.reward(of: .failed(.engine("x"))) == nil)
        #expect(try decode("{\"shape\": {\"kind\": \"linear\"}}") == configuration)
    }

    /// A valid crystal without the number of a term that is skipped gets no less than an invalid one.
    @Test(arguments: [
        ("sum", "bounds: [2, 5]", -1.0), ("sum", "bounds: [-2, 5]", -3), ("sum", "bounds: [-3, 2], weight: -1", -3),
        ("product", "bounds: [2, 5]", 0.5), ("product", "bounds: [0.1, 5]", 0.05),
        ("minimum", "bounds: [2, 5]", -1), ("minimum", "bounds: [-2, 5]", -2),
    ])
    func floor_ofATermThatMayBeLacking_isTheLeastWithOrWithoutIt(
        combine: String, skipped: String, floor: Double
    ) throws {
        let least = combine == "product" ? "bounds: [0.5, 1]" : "bounds: [-1, 1]"
        let text = """
            {combine: \(combine), guards: none, terms: [{source: band_gap, want: low, \(least)},
            {source: other, on_failure: skip, \(skipped)}]
            """
        let configuration = try parse(text + "}")
        #expect(abs(configuration.floor - floor) < 1e-12)
        let lacking = configuration.reward(of: .measured(Trajectories.Measurement([.init(rawValue: "band_gap"): 99])))
        #expect(try #require(lacking) >= configuration.floor)
        #expect(throws: ConfigurationError.self) { try parse(text + ", invalid_reward: \(floor + 0.01)}") }
    }

    @Test func encode_thenDecode_isTheSame() throws {
        var configuration = RewardConfiguration()
        configuration.invalidReward = -0.5
        configuration.limits.maximumLength = 50
        configuration.limits.maximumAtoms = 64
        for shape in [RewardShape.default, .linear(clip: -3...1)] {
            configuration.shape = shape
            let again = try JSONDecoder().decode(RewardConfiguration.self, from: JSONEncoder().encode(configuration))
            #expect(again == configuration)
        }
    }

    @Test(arguments: [
        "{\"shape\": {\"kind\": \"cubic\"}}", "{\"shape\": {}}",
        "{\"shape\": {\"kind\": \"linear\", \"clip\": [1, -1]}}",
        "{\"shape\": {\"kind\": \"linear\", \"clip\": [1]}}", "{\"shape\": {\"kind\": \"linear\", \"scale\": 1}}",
        "{\"shape\": {\"kind\": \"exponential\", \"clip\": [0, 1]}}", "{\"limits\": {\"maximum_atoms\": \"many\"}}",
    ])
    func decode_ofNonsense_throws(text: String) {
        #expect(throws: DecodingError.self) { try decode(text) }
    }

    @Test func problems_ofSeveralMistakes_listsThemAll() {
        var configuration = RewardConfiguration()
        configuration.shape = .exponential(scale: 0, maximum: -.infinity)
        configuration.invalidReward = 3
        configuration.limits.minimumDistance = .nan
        configuration.limits.minimumLength = 0
        configuration.limits.maximumLength = 0
        configuration.limits.minimumAngle = 90
        configuration.limits.maximumAngle = 180
        configuration.limits.minimumVolumePerAtom = -1
        configuration.limits.maximumVolumePerAtom = -2
        configuration.limits.maximumAtoms = 0
        let problems = configuration.problems(path: "reward")
        #expect(problems.count == 11)
        for key in [
            "reward.shape.scale", "reward.shape.maximum", "reward.invalid_reward", "reward.limits.minimum_distance",
            "reward.limits.maximum_atoms",
        ] {
            #expect(problems.contains { $0.hasPrefix(key) }, "\(key)")
        }
    }
}
