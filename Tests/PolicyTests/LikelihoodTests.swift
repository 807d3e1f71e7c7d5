import Crystals
import Foundation
import Kernels
import Policy
import Testing

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
        let crystals =
            set == "crystals"
            ? try Fixture.json("inputs.json", as: [String: Ignored<[Fixture.NamedCrystal]>].self)["crystals"]?.value
            : try Fixture.json("synthetic.json", as: [String: Ignored<[Fixture.NamedCrystal]>].self)["crystals"]?.value
        let expected = try #require(try Fixture.json("\(model)/logp.json", as: [String: Parts].self)[set])
        let batch = try PackedBatch(try #require(crystals).compactMap(\.crystal), configuration: weights.configuration)
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
        let all = try #require(
            try Fixture.json("inputs.json", as: [String: Ignored<[Fixture.NamedCrystal]>].self)["crystals"]?.value)
        let batch = try PackedBatch(
            expected.crystals.compactMap { all[$0].crystal }, configuration: weights.configuration)
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        let found = evaluator.evaluate(batch, weights: weights, keepsGradient: true)
        let n = Double(batch.count)
        let loss = -found.reduce(0) { $0 + $1.total } / n
        #expect(abs(loss - expected.loss) <= 1e-4 * abs(expected.loss))
        #expect(abs(-found.reduce(0) { $0 + $1.xyz } / n - expected.loss_xyz) <= 1e-4 * abs(expected.loss_xyz))
        let gradient = FloatBuffer(count: weights.layout.parameterCount)
        evaluator.addGradient(
            coefficients: found.map { _ in LogProbabilities(w: -1 / n, a: -1 / n, xyz: -1 / n, l: -1 / n) },
            weights: weights, to: gradient.view)
        let norm = VectorMath.sumOfSquares(gradient.view).squareRoot()
        #expect(abs(norm - expected.grad_global_norm) <= 1e-3 * expected.grad_global_norm)
        let stored = try Fixture.tensors("\(model)/mle_grad.safetensors")
        for entry in weights.layout.entries {
            let ours = gradient.view(entry.offset, entry.count).array
            try expectClose(ours, stored[entry.name]?.values, name: entry.name)
            let sparse = try #require(expected.gradient[entry.name])
            for (index, value) in zip(sparse.index, sparse.value) {
                #expect(abs(Double(ours[index]) - value) <= 2e-3 * sparse.max_abs, "\(entry.name)[\(index)]")
            }
        }
    }

    @Test func batchComposition_doesNotMatter() throws {
        let weights = try Fixture.weights("tiny")
        let all = try #require(
            try Fixture.json("inputs.json", as: [String: Ignored<[Fixture.NamedCrystal]>].self)["crystals"]?.value)
        let crystals = all.compactMap(\.crystal)
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        let together = evaluator.evaluate(
            try PackedBatch(crystals, configuration: weights.configuration), weights: weights)
        for (index, crystal) in crystals.enumerated() {
            let alone = evaluator.evaluate(
                try PackedBatch([crystal], configuration: weights.configuration), weights: weights)
            #expect(abs(alone[0].total - together[index].total) < 1e-3)
        }
    }
}

/// ‖ours - theirs‖ within 2e-3 of ‖theirs‖.
func expectClose(_ ours: [Float], _ theirs: [Float]?, name: String) throws {
    let theirs = try #require(theirs, "\(name) is not in the fixture")
    #expect(ours.count == theirs.count)
    var difference = 0.0
    var size = 0.0
    for (a, b) in zip(ours, theirs) {
        difference += Double(a - b) * Double(a - b)
        size += Double(b) * Double(b)
    }
    #expect(difference.squareRoot() <= 2e-3 * size.squareRoot() + 1e-12, "\(name): \(difference.squareRoot()) of \(size.squareRoot())")
}

/// A value of a JSON object whose other values have other types; nil where it does not decode.
struct Ignored<Value: Decodable>: Decodable {
    let value: Value?
    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
}
