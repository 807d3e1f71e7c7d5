import Base
import Crystals
import Foundation
import Kernels
import Policy
import PolicyFixtures
import Testing

/// The network's output rows against the reference's (tolerance: 2e-3 absolute, or relative for widths and
/// concentrations).
@Suite struct OutputTests {
    @Test(arguments: ["tiny", "small"]) func rows_matchTheReference(model: String) throws {
        let weights = try Fixture.weights(model)
        let c = weights.configuration
        let tensors = try Fixture.tensors("\(model)/h.safetensors")
        let expected = try #require(tensors["h"])
        let all = try Fixture.inputCrystals()
        let crystals = try #require(tensors["crystal"]).values.map { all[Int($0)] }
        let width = c.outputSize
        #expect(expected.shape == [crystals.count, c.maximumTokens + 1, width])
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        for (index, crystal) in crystals.enumerated() {
            let batch = try PackedBatch([crystal], configuration: c)
            _ = evaluator.evaluate(batch, weights: weights)
            let outputs = evaluator.lastOutputs(batch)
            func row(_ number: Int) -> [Double] {
                let start = (index * (c.maximumTokens + 1) + number) * width
                return expected.values[start..<(start + width)].map(Double.init)
            }
            compare(
                normalised(outputs.first.array.map(Double.init), against: row(0), count: c.wyckoffTypes), row(0),
                count: c.wyckoffTypes)
            for token in 0..<(5 * crystal.sites.count) {
                let raw = outputs.tokens.view(token * width, width).array.map(Double.init)
                let reference = row(token + 1)
                switch token % 5 {
                case 0:
                    compare(normalised(raw, against: reference, count: c.atomTypes), reference, count: c.atomTypes)
                    let lattice = Array(raw[c.atomTypes..<(c.atomTypes + c.latticeOutputs)])
                    compare(
                        mixture(
                            lattice, components: c.latticeComponents, widthsFrom: 7 * c.latticeComponents,
                            floor: c.minimumSigma),
                        Array(reference[c.atomTypes...]), count: c.latticeOutputs)
                case 4:
                    compare(
                        normalised(raw, against: reference, count: c.wyckoffTypes), reference, count: c.wyckoffTypes)
                default:
                    compare(
                        mixture(
                            Array(raw.prefix(c.coordinateOutputs)), components: c.coordinateComponents,
                            widthsFrom: 2 * c.coordinateComponents, floor: 0), reference, count: c.coordinateOutputs)
                }
            }
        }
    }

    /// Log-softmax over the categories that the reference allows.
    private func normalised(_ raw: [Double], against reference: [Double], count: Int) -> [Double] {
        let sum = (0..<count).reduce(0.0) { $0 + (reference[$1] > -1e9 ? exp(raw[$1]) : 0) }
        return (0..<count).map { reference[$0] > -1e9 ? raw[$0] - log(sum) : -1e10 }
    }

    /// Log-weights normalised, locations as they are, widths through a softplus.
    private func mixture(_ raw: [Double], components: Int, widthsFrom: Int, floor: Double) -> [Double] {
        let sum = raw.prefix(components).reduce(0.0) { $0 + exp($1) }
        return raw.indices.map { index in
            if index < components { return raw[index] - log(sum) }
            return index < widthsFrom ? raw[index] : log1p(exp(raw[index])) + floor
        }
    }

    private func compare(_ ours: [Double], _ theirs: [Double], count: Int) {
        var worst = 0.0
        for index in 0..<count where theirs[index] > -1e9 {
            worst = max(worst, abs(ours[index] - theirs[index]) / max(1, abs(theirs[index])))
        }
        #expect(worst < 2e-3)
    }
}
