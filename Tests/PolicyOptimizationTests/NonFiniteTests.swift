import Crystals
import Foundation
import Kernels
import Policy
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// Nothing that is not finite gets into weights, optimiser or baseline, wherever it comes from.
@Suite struct NonFiniteTests {
    private let start: PolicyWeights
    private let crystals: [Crystal]
    private let values: [LogProbabilities]

    init() throws {
        start = try Fixture.weights("tiny")
        crystals = Array(try Fixture.inputCrystals().prefix(40))
        values = try GradientTeam(layout: start.layout, threads: 2).logProbabilities(of: crystals, weights: start)
    }

    private func batch() -> [(crystal: SampledCrystal, reward: Double)] {
        crystals.indices.map {
            (sampled(crystals[$0], behaviour: values[$0], reference: values[$0], index: $0), Double($0 % 5) - 2)
        }
    }

    private func trainer(_ change: (inout PolicyGradientSettings) -> Void = { _ in }, reference: PolicyWeights? = nil)
        -> PolicyGradientTrainer
    {
        var settings = PolicyGradientSettings()
        settings.epochs = 2
        change(&settings)
        return PolicyGradientTrainer(weights: start, settings: settings, reference: reference, threads: 2)
    }

    /// Infinite and not a number, in one element and in all, with and without clipping.
    @Test(arguments: [Float.nan, .infinity, -.infinity], [nil, 1.0, .infinity])
    func adam_ofAGradientThatIsNotFinite_changesNothing(value: Float, clip: Double?) {
        var settings = Adam.Settings()
        settings.clipNorm = clip
        var adam = Adam(parameterCount: 3, settings: settings)
        let parameters = FloatBuffer([1, 2, 3])
        adam.step(parameters.mutableView, gradient: FloatBuffer([1, 1, 1]).view, learningRate: 0.1)
        let before = (parameters.array, adam.firstMoment.array, adam.secondMoment.array, adam.stepCount)
        let norm = adam.step(parameters.mutableView, gradient: FloatBuffer([0, value, 1]).view, learningRate: 0.1)
        #expect(!norm.isFinite)
        #expect(parameters.array == before.0 && adam.firstMoment.array == before.1)
        #expect(adam.secondMoment.array == before.2 && adam.stepCount == before.3)
    }

    /// Weights that become infinite, absurd but finite ones, and those that only the last step spoils.
    @Test(arguments: [1e30, 1e38, 1e39, 1e300], [1, 2, 3])
    func absurdLearningRate_leavesTheTrainerAsItWas(rate: Double, epochs: Int) throws {
        let sick = trainer {
            $0.schedule = .inverse(rate: rate, decay: 0)
            $0.epochs = epochs
        }
        let (bytes, baseline) = (sick.weights.parameters.array, sick.baseline)
        for _ in 0..<2 {
            let statistics = try sick.train(batch())
            #expect(statistics.isSkipped)
            #expect(sick.weights.parameters.array == bytes && sick.baseline == baseline)
            #expect(sick.optimiser.stepCount == 0 && sick.optimiser.firstMoment.array.allSatisfy { $0 == 0 })
        }
    }

    /// Whatever number or crystal a peer makes up is left out, and the rest is learnt from.
    @Test func experiencesOfNoUse_areLeftOutAndNamed() throws {
        var sick = batch()
        sick[1].reward = .nan
        sick[4].reward = -.infinity
        sick[7].crystal.logProbability.xyz = -1e300
        sick[9].crystal.referenceLogProbability.l = .nan
        sick[12].crystal.crystal.lattice.a = .nan
        sick[15].crystal.crystal.sites[0].position.y = .infinity
        sick[20].crystal.crystal.sites[0].wyckoff = 28
        sick[22].crystal.crystal.sites = Array(repeating: sick[22].crystal.crystal.sites[0], count: 60)
        sick[25].crystal.crystal.sites = []
        let bad = [1, 4, 7, 9, 12, 15, 20, 22, 25]
        let (troubled, plain) = (trainer(), trainer())
        let statistics = try troubled.train(sick)
        #expect(statistics.unusable == bad && !statistics.isSkipped)
        _ = try plain.train(batch().enumerated().filter { !bad.contains($0.offset) }.map(\.element))
        #expect(troubled.weights.parameters.array == plain.weights.parameters.array)
        #expect(troubled.baseline == plain.baseline)
    }

    @Test func batchOfNothingUsable_makesNoStep() throws {
        let trainer = trainer()
        var sick = batch()
        for index in sick.indices { sick[index].reward = .nan }
        let statistics = try trainer.train(sick)
        #expect(statistics.unusable.count == sick.count && statistics.steps == 0)
        #expect(trainer.baseline.value == nil && trainer.weights.parameters.array == start.parameters.array)
    }

    /// The learner's own log-probabilities count, in one step per pass and in several: lies change nothing but a count.
    @Test(arguments: [0, 16]) func wrongClaims_areNamedAndChangeNothing(minibatch: Int) throws {
        let honest = trainer({ $0.minibatch = minibatch }, reference: start)
        let lied = trainer({ $0.minibatch = minibatch }, reference: start)
        var claims = batch()
        claims[0].crystal.referenceLogProbability.xyz -= 1
        claims[2].crystal.logProbability.a += 0.5
        claims[35].crystal.logProbability.w = -1000
        claims[39].crystal.referenceLogProbability.l += 2
        #expect(try honest.train(batch()).claimsOff == [])
        let statistics = try lied.train(claims)
        #expect(statistics.claimsOff == [0, 2, 35, 39] && !statistics.isSkipped)
        // What was right within rounding is used as claimed, here with the very same numbers.
        #expect(honest.weights.parameters.array == lied.weights.parameters.array)
    }

    @Test func roundingOfAnotherMachine_isNoWrongClaim() {
        let own = LogProbabilities(w: -3, a: -40, xyz: 120, l: 8)
        var claim = own
        claim.xyz += 1e-2
        claim.w -= 1e-3
        #expect(!LogProbabilityClaim.isOff(claim, from: own))
        claim.w = .nan
        #expect(LogProbabilityClaim.isOff(claim, from: own))
    }

    @Test func maximumLikelihood_ofAnAbsurdRate_takesNoStepThatIsNotFinite() throws {
        let optimiser = Adam(parameterCount: start.layout.parameterCount)
        let trainer = MaximumLikelihoodTrainer(weights: start, optimiser: optimiser, threads: 2)
        let infinite = try trainer.step(crystals, learningRate: 1e39)
        #expect(!infinite.isTaken && trainer.weights.parameters.array == start.parameters.array)
        #expect(trainer.optimiser.stepCount == 0 && trainer.optimiser.firstMoment.array.allSatisfy { $0 == 0 })
        #expect(try trainer.step(crystals, learningRate: 1e30).isTaken)
        let spoilt = trainer.weights.parameters.array
        #expect(try !trainer.step(crystals, learningRate: 1e-3).isTaken)
        #expect(trainer.weights.parameters.array == spoilt)
    }
}
