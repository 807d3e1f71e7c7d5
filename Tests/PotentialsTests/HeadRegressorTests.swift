import Foundation
import Potentials
import Testing

@Suite struct HeadRegressorTests {
    private let rows = [[1.0, 0.5], [-1, 1.5], [0.5, -2], [-0.5, 0]]
    private let targets = [3.0, 1, 2.5, 0.5]

    private func weights(_ regressor: HeadRegressor?) -> [Double] {
        guard case .ridge(let weights, let bias) = regressor else { return [] }
        return weights + [bias]
    }

    /// numpy: `solve(X.T @ X + penalty * eye(2), X.T @ (y - y.mean()))`, `y.mean()`.
    @Test func ridges_haveTheWeightsOfNumpy() throws {
        let found = HeadRegressor.ridges(rows, targets, penalties: [0.1, 2])
        let expected = [
            [1.2006079027355623, 0.06079027355623096, 1.75], [0.6277372262773722, -0.08759124087591243, 1.75],
        ]
        try #require(found.count == expected.count)
        for (regressor, numbers) in zip(found, expected) {
            try #require(weights(regressor).count == numbers.count)
            for (number, reference) in zip(weights(regressor), numbers) {
                #expect(abs(number - reference) < 1e-12)
            }
        }
    }

    /// With more features than rows another system is solved; the weights are the same.
    @Test func ridges_ofMoreFeaturesThanRows_haveTheWeightsOfNumpy() throws {
        let wide = [[1.0, 0.5, -1], [-1, -0.5, 1]]
        let found = HeadRegressor.ridges(wide, [2, 1], penalties: [0.5])
        let expected = [0.20000000000000004, 0.09999999999999999, -0.19999999999999998, 1.5]
        let weights = weights(found.first.flatMap { $0 })
        try #require(weights.count == expected.count)
        for (number, reference) in zip(weights, expected) {
            #expect(abs(number - reference) < 1e-12)
        }
    }

    @Test func ridges_ofFeaturesThatSayNothing_predictTheMean() {
        let found = HeadRegressor.ridges([[0, 0], [0, 0], [0, 0]], [1, 2, 6], penalties: [0.1])
        #expect(found[0]?.predict([5, 5]) { _ in [] }.value == 3)
    }

    /// A sphere, which no plane fits.
    @Test func network_learnsWhatIsNotLinear_withTheSameBitsEachTime() {
        var rows: [[Double]] = []
        for x in stride(from: -1.5, through: 1.5, by: 0.25) {
            for y in stride(from: -1.5, through: 1.5, by: 0.25) { rows.append([x, y]) }
        }
        let targets = rows.map { $0[0] * $0[0] + $0[1] * $0[1] }
        let recipe = HeadNetworkRecipe(
            inputs: 2, hidden: 16, dropout: 0, epochs: 60, batch: 16, weightDecay: 0.01)
        let training = HeadNetworkTraining(recipe, rows: rows, targets: targets)
        let network = training.network(seed: 3, stream: (0, 0))
        let error = zip(rows, targets).map { abs(network.predict($0) - $1) }.reduce(0, +) / Double(rows.count)
        // The mean absolute deviation of the targets is 0.85.
        #expect(error < 0.1)
        #expect(training.network(seed: 3, stream: (0, 0)) == network)
        #expect(training.network(seed: 3, stream: (0, 1)) != network)
        // In a unit in which the numbers are small it learns the same.
        let small = HeadNetworkTraining(recipe, rows: rows, targets: targets.map { $0 * 1e-9 })
            .network(seed: 3, stream: (0, 0))
        let smallError = zip(rows, targets).map { abs(small.predict($0) * 1e9 - $1) }.reduce(0, +) / Double(rows.count)
        #expect(smallError < 0.1)
    }
}
