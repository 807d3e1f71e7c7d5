import Foundation
import Kernels
import Policy
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// Batches that rounded weights have drawn.
@Suite struct RoundedSamplingTests {
    private struct Outcome {
        var statistics: PolicyGradientStatistics
        var parameters: [Float]
    }

    /// Trains on crystals whose claims are those of the weights rounded to `claimed`, as drawn by those rounded to
    /// `sampled`.
    private func train(claimed: WeightFormat, sampled format: WeightFormat) throws -> Outcome {
        let start = try Fixture.weights("tiny")
        let crystals = Array(try Fixture.inputCrystals().prefix(24))
        let team = GradientTeam(layout: start.layout, threads: 2)
        let values = try team.logProbabilities(of: crystals, weights: start)
        let claims = try team.logProbabilities(of: crystals, weights: start.rounded(to: claimed))
        var settings = PolicyGradientSettings()
        settings.epochs = 2
        settings.sampledFormat = format
        let trainer = PolicyGradientTrainer(weights: start, settings: settings, threads: 2)
        let batch = crystals.indices.map { place in
            (
                sampled(crystals[place], behaviour: claims[place], reference: values[place], index: place),
                reward: Double(place % 5)
            )
        }
        return Outcome(statistics: try trainer.train(batch), parameters: trainer.weights.parameters.array)
    }

    /// What actors claim is held against the weights that they have, and each crystal has its weight.
    @Test func roundedWeights_areWhatClaimsAreHeldAgainst() throws {
        let honest = try train(claimed: .bfloat16, sampled: .bfloat16)
        #expect(honest.statistics.claimsOff.isEmpty)
        let importance = try #require(honest.statistics.importance)
        #expect(importance.mean != 1 && abs(importance.mean - 1) < 0.5)
        let dishonest = try train(claimed: .float32, sampled: .bfloat16)
        #expect(!dishonest.statistics.claimsOff.isEmpty)
        // The learner trains with its own values.
        #expect(dishonest.parameters == honest.parameters)
    }

    /// Where nothing is rounded nothing of it is there.
    @Test func wholeWeights_haveNoImportance() throws {
        let plain = try train(claimed: .float32, sampled: .float32)
        #expect(plain.statistics.importance == nil && plain.statistics.claimsOff.isEmpty)
        let rounded = try train(claimed: .bfloat16, sampled: .bfloat16)
        #expect(plain.parameters != rounded.parameters)
    }
}
