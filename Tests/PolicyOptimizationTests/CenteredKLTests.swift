import Kernels
import Policy
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// The KL term has a baseline of its own: what all crystals have in common pushes none of them.
@Suite struct CenteredKLTests {
    private let weights: PolicyWeights
    private let own: [LogProbabilities]
    private let items: [SampledCrystal]
    /// k of each crystal, nats.
    private let drifts: [Double]

    init() throws {
        weights = try Fixture.weights("tiny")
        let crystals = Array(try Fixture.inputCrystals().prefix(12))
        own = try GradientTeam(layout: weights.layout, threads: 1).logProbabilities(of: crystals, weights: weights)
        let drifts = crystals.indices.map { 5 + Double($0 % 4) }
        self.drifts = drifts
        items = zip(crystals, own).enumerated().map { index, pair in
            var reference = pair.1
            reference.w -= drifts[index]
            return sampled(pair.0, behaviour: pair.1, reference: reference, index: index)
        }
    }

    private func objective(
        _ baseline: ClippedObjective.KLBaseline, minibatch: Int = 0, rewards: [Double]? = nil
    ) throws -> PolicyGradientStatistics {
        var settings = PolicyGradientSettings()
        settings.objective = ClippedObjective(klWeight: 0.1, ratio: .crystal, klBaseline: baseline)
        settings.epochs = 1
        settings.minibatch = minibatch
        let trainer = PolicyGradientTrainer(weights: weights, settings: settings, threads: 2)
        return try trainer.train(items.enumerated().map { ($1, rewards?[$0] ?? 1) })
    }

    /// With equal rewards and ratios of 1 the objective is the mean advantage: -β mean k, and with the baseline 0.
    @Test func objective_ofEqualRewards_hasNoPushInCommon() throws {
        let mean = drifts.reduce(0, +) / Double(drifts.count)
        #expect(abs(try objective(.none).objective + 0.1 * mean) < 1e-5)
        #expect(abs(try objective(.batch).objective) < 1e-5)
        #expect(abs(try objective(.batch).klReference - mean) < 1e-4)
    }

    /// What is taken off is that of the whole batch, whatever the minibatch: the first of two halves drifted less.
    @Test func baseline_isOfTheBatch_notOfItsParts() throws {
        let whole = try objective(.batch, minibatch: 0)
        let parts = try objective(.batch, minibatch: 4)
        #expect(parts.steps == 3)
        #expect(abs(whole.klReference - parts.klReference) < 1e-4)
    }

    /// Where every crystal drifted alike there is nothing to tell them apart by: the gradient is that of the rewards.
    @Test func gradient_ofADriftInCommon_isThatWithoutKL() throws {
        let same = items.map { item in
            var item = item
            item.referenceLogProbability.w = item.logProbability.w - 30
            return item
        }
        let rewards = same.indices.map { Double($0 % 3) }
        func norm(_ klWeight: Double, _ baseline: ClippedObjective.KLBaseline) throws -> Double {
            var settings = PolicyGradientSettings()
            settings.objective = ClippedObjective(klWeight: klWeight, ratio: .component, klBaseline: baseline)
            settings.epochs = 1
            let trainer = PolicyGradientTrainer(weights: weights, settings: settings, threads: 1)
            return try trainer.train(zip(same, rewards).map { ($0, $1) }).gradientNorm
        }
        let without = try norm(0, .none)
        #expect(abs(try norm(0.05, .batch) / without - 1) < 1e-4)
        #expect(abs(try norm(0.05, .none) / without - 1) > 0.1)
    }
}
