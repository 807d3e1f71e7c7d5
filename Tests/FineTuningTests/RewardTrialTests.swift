import Configuration
import Crystals
import FineTuning
import Testing
import Trajectories

/// Rewards that are tried without a run.
@Suite struct RewardTrialTests {
    private func salt() throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)),
            sites: [
                .init(wyckoff: 1, element: try #require(Element(symbol: "Na")), position: .zero),
                .init(wyckoff: 2, element: try #require(Element(symbol: "Cl")), position: SIMD3(repeating: 0.5)),
            ], lattice: LatticeParameters(a: 5.7, b: 5.7, c: 5.7, alpha: 90, beta: 90, gamma: 90))
    }

    private func configuration(source: String, potential: String) throws -> RunConfiguration {
        try ConfigurationLoader.parse(
            RunConfiguration.self,
            text: """
                judges: [{name: old, potential: \(potential), hull: default}]
                reward: {terms: [{source: \(source), shape: linear}], guards: none}
                """, source: "run.yaml")
    }

    /// As in a run, whose judges' numbers terms may name.
    @Test func judge_thatATermNames_measures() throws {
        let configuration = try configuration(source: "old_e_above_hull", potential: "chgnet-0.2.0")
        let (outcome, verdict) = try #require(RewardTrial(configuration).judge([salt()]).first)
        guard case .measured(let measurement) = outcome else { throw CancellationError() }
        let judged = try #require(measurement[Measurement.Quantity(rawValue: "old_e_above_hull")])
        let own = try #require(measurement[.energyAboveHull])
        #expect(verdict.numbers["old_e_above_hull"] == judged && judged != own)
    }

    @Test func judge_thatNoTermNames_isNotAsked() throws {
        let configuration = try configuration(source: "e_above_hull", potential: "external mine")
        let (outcome, _) = try #require(RewardTrial(configuration).judge([salt()]).first)
        guard case .measured(let measurement) = outcome else { throw CancellationError() }
        #expect(!measurement.values.keys.contains { $0.rawValue.hasPrefix("old_") })
    }

    /// An engine of others is not here.
    @Test func judge_thatIsAnEngine_isRefusedByName() throws {
        let configuration = try configuration(source: "old_gap", potential: "external mine")
        let error = #expect(throws: (any Error).self) { try RewardTrial(configuration) }
        #expect("\(try #require(error))".contains("the engine mine runs behind reward workers alone"))
    }
}
