import Base
import Crystals
import Kernels
import Policy
import PolicyFixtures
import Testing
import Trajectories

/// Samplers and evaluators are kept between batches and versions: nothing of one batch shows in the next.
@Suite struct EvaluatorReuseTests {
    private func samples(_ sampler: Sampler, _ stream: UInt32, count: Int) throws -> [Sample] {
        let group = try #require(SpaceGroup(number: 62))
        return try sampler.sample(
            Array(repeating: group, count: count),
            generators: (0..<count).map { Philox(seed: 9, domain: .testing, stream: (stream, 0, UInt32($0))) })
    }

    @Test func keptSampler_drawsTheCrystalsOfANewOne() throws {
        let weights = try Fixture.weights("tiny")
        let other = PolicyWeights(random: 3, configuration: weights.configuration)
        let kept = Sampler(weights: other, capacity: 24)
        for (stream, count) in [(UInt32(0), 24), (1, 5), (2, 24), (3, 1)] {
            kept.use(other)
            _ = try samples(kept, 10 + stream, count: 24)
            kept.use(weights)
            #expect(
                try samples(kept, stream, count: count)
                    == samples(Sampler(weights: weights, capacity: 24), stream, count: count))
        }
    }

    /// Batches of all sizes, with and without gradient, one after the other.
    @Test func keptEvaluator_givesTheBitsOfANewOne() throws {
        let weights = try Fixture.weights("tiny")
        let all = try Fixture.inputCrystals()
        let kept = LikelihoodEvaluator(layout: weights.layout)
        for (size, keepsGradient) in [(3, false), (12, true), (1, false), (20, false), (7, true), (20, true)] {
            let batch = try PackedBatch(all.prefix(size), configuration: weights.configuration)
            let new = LikelihoodEvaluator(layout: weights.layout)
            let values = kept.evaluate(batch, weights: weights, keepsGradient: keepsGradient)
            // With and without the gradient the values have the same bits.
            #expect(values == new.evaluate(batch, weights: weights))
            guard keepsGradient else { continue }
            _ = new.evaluate(batch, weights: weights, keepsGradient: true)
            let (mine, theirs) = (gradient(kept, values, weights), gradient(new, values, weights))
            #expect(mine == theirs)
        }
    }

    private func gradient(
        _ evaluator: LikelihoodEvaluator, _ values: [LogProbabilities], _ weights: PolicyWeights
    ) -> [UInt8] {
        let gradient = FloatBuffer(count: weights.layout.parameterCount)
        evaluator.addGradient(
            coefficients: values.map { _ in LogProbabilities(w: 1, a: 1, xyz: 1, l: 1) }, weights: weights,
            to: gradient.mutableView)
        return gradient.bytes
    }
}
