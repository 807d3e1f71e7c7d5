// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

import Base
import Foundation
import Kernels
import Policy
import PolicyFixtures
import Testing
import Trajectories

/// The likelihood against the reference (tolerance: 1e-3 + 1e-5 relative on each part).
@Suite struct LikelihoodTests {
    struct Parts: Decodable {
        let logp_w: [Double]
        let logp_xyz: [Double]
        let logp_a: [Double]
        let logp_l: [Double]
    }

    @Test(arguments: ["tiny", "small"], ["crystals", "synthetic"])
    func logProbabilities_matchTheReference(model: String, set: String) throws {
        let weights = try Fixture.weights(model)
        let crystals = set == "crystals" ? try Fixture.inputCrystals() : try Fixture.syntheticCrystals()
        let expected = try #require(try Fixture.json("\(model)/logp.json", as: [String: Parts].self)[set])
        let batch = try PackedBatch(crystals, configuration: weights.configuration)
        #expect(batch.count == expected.logp_w.count)
        let found = LikelihoodEvaluator(layout: weights.layout).evaluate(batch, weights: weights)
        for (index, value) in found.enumerated() {
            for (name, ours, theirs) in [
                ("w", value.w, expected.logp_w[index]), ("a", value.a, expected.logp_a[index]),
                ("xyz", value.xyz, expected.logp_xyz[index]), ("l", value.l, expected.logp_l[index]),
            ] {
                #expect(abs(ours - theirs) <= 1e-3 + 1e-5 * abs(theirs), "\(model) \(set) \(index) \(name)")
            }
        }
    }

    struct MaximumLikelihood: Decodable {
        struct Entry: Decodable {
            let l2: Double
            let max_abs: Double
            let index: [Int]
            let value: [Double]
        }
        let crystals: [Int]
        let loss: Double
        let loss_w: Double
        let loss_a: Double
        let loss_xyz: Double
        let loss_l: Double
        let grad_global_norm: Double
        let gradient: [String: Entry]
    }

    @Test(arguments: ["tiny", "small"])
    func maximumLikelihood_lossAndEveryGradientMatchTheReference(model: String) throws {
        let weights = try Fixture.weights(model)
        let expected: MaximumLikelihood = try Fixture.json("\(model)/mle.json")
        let all = try Fixture.inputCrystals()
        let batch = try PackedBatch(
            expected.crystals.map { all[$0] }, configuration: weights.configuration)
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        let found = evaluator.evaluate(batch, weights: weights, keepsGradient: true)
        let n = Double(batch.count)
        let loss = -found.reduce(0) { $0 + $1.total } / n
        #expect(abs(loss - expected.loss) <= 1e-4 * abs(expected.loss))
        #expect(abs(-found.reduce(0) { $0 + $1.xyz } / n - expected.loss_xyz) <= 1e-4 * abs(expected.loss_xyz))
        let gradient = FloatBuffer(count: weights.layout.parameterCount)
        evaluator.addGradient(
            coefficients: found.map { _ in LogProbabilities(w: -1 / n, a: -1 / n, xyz: -1 / n, l: -1 / n) },
            weights: weights, to: gradient.mutableView)
        let norm = VectorMath.sumOfSquares(gradient.view).squareRoot()
        #expect(abs(norm - expected.grad_global_norm) <= 1e-3 * expected.grad_global_norm)
        let stored = try Fixture.tensors("\(model)/mle_grad.safetensors")
        for entry in weights.layout.entries {
            let ours = gradient.view(entry.offset, entry.count).array
            #expect(relativeDistance(ours, stored[entry.name]?.values) <= 2e-3, "\(entry.name)")
            let sparse = try #require(expected.gradient[entry.name])
            for (index, value) in zip(sparse.index, sparse.value) {
                #expect(abs(Double(ours[index]) - value) <= 2e-3 * sparse.max_abs, "\(entry.name)[\(index)]")
            }
        }
    }

    @Test func batchComposition_doesNotMatter() throws {
        let weights = try Fixture.weights("tiny")
        let all = try Fixture.inputCrystals()
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        let together = evaluator.evaluate(
            try PackedBatch(all, configuration: weights.configuration), weights: weights)
        for (index, crystal) in all.enumerated() {
            let alone = evaluator.evaluate(
                try PackedBatch([crystal], configuration: weights.configuration), weights: weights)
            #expect(abs(alone[0].total - together[index].total) < 1e-3)
        }
    }
}
