import Base
import Crystals
import Foundation
import Kernels
import Policy
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// Training on crystals that were drawn under a constraint.
@Suite struct ConstrainedTrainingTests {
    private let weights: PolicyWeights
    private let few: Constraint
    private let crystals: [Crystal]

    init() throws {
        weights = try Fixture.weights("tiny")
        few = Constraint(elements: Set(try ["Li", "O", "Fe"].map { try #require(Element(symbol: $0)) }))
        var options = SamplingOptions()
        options.constraint = few
        let group = try #require(SpaceGroup(number: 225))
        crystals = try Sampler(weights: weights, options: options, capacity: 24).sample(
            Array(repeating: group, count: 24),
            generators: (0..<24).map { Philox(seed: 5, domain: .testing, stream: (0, 0, UInt32($0))) }
        ).map(\.crystal)
    }

    private func team(_ constraint: Constraint) -> GradientTeam {
        GradientTeam(layout: weights.layout, constraint: constraint, threads: 2)
    }

    /// Along its own direction, and along that of the unconstrained gradient, by finite differences.
    @Test func gradient_isThatOfTheConstrainedDistribution() throws {
        let count = weights.layout.parameterCount
        let (bound, free) = (FloatBuffer(count: count), FloatBuffer(count: count))
        for (constraint, gradient) in [(few, bound), (.none, free)] {
            _ = try team(constraint).gradient(of: crystals, weights: weights, into: gradient.mutableView) { _, _ in
                LogProbabilities(w: 1, a: 1, xyz: 1, l: 1)
            }
        }
        let own = bound.array.map(Double.init)
        func sum(_ direction: [Double], _ step: Double) throws -> Double {
            var parameters = weights.parameters.array
            for index in parameters.indices { parameters[index] += Float(step * direction[index]) }
            let moved = PolicyWeights(layout: weights.layout, parameters: parameters)
            return try team(few).logProbabilities(of: crystals, weights: moved).reduce(0) { $0 + $1.total }
        }
        for gradient in [own, free.array.map(Double.init)] {
            let norm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let direction = gradient.map { $0 / norm }
            let expected = zip(own, direction).reduce(0) { $0 + $1.0 * $1.1 }
            let slope = try (sum(direction, 1e-3) - sum(direction, -1e-3)) / 2e-3
            #expect(abs(slope - expected) < 0.01 * abs(expected), "\(slope), \(expected)")
            // A gradient of the other distribution would not pass.
            let unbound = zip(free.array, direction).reduce(0) { $0 + Double($1.0) * $1.1 }
            #expect(abs(slope - unbound) > 0.02 * abs(slope), "\(slope), \(unbound)")
        }
    }

    /// Claims under the constraint are those that the trainer computes; others are off. What cannot be drawn is left
    /// out, and nothing else with it.
    @Test func trainer_takesLogProbabilitiesUnderTheConstraint() throws {
        var settings = PolicyGradientSettings()
        settings.constraint = few
        settings.epochs = 2
        for (constraint, areOff) in [(few, false), (Constraint.none, true)] {
            let claims = try team(constraint).logProbabilities(of: crystals, weights: weights)
            var batch = crystals.indices.map {
                (
                    sampled(crystals[$0], behaviour: claims[$0], reference: claims[$0], index: $0),
                    reward: Double($0 % 3)
                )
            }
            var foreign = crystals[0]
            foreign.sites[0].element = try #require(Element(symbol: "Na"))
            batch.append((sampled(foreign, behaviour: claims[0], reference: claims[0], index: 24), reward: 1))
            let trainer = PolicyGradientTrainer(
                weights: weights, settings: settings, reference: weights, threads: 2)
            let statistics = try trainer.train(batch)
            #expect(statistics.unusable == [24] && !statistics.isSkipped && statistics.steps == 2)
            #expect(statistics.claimsOff == (areOff ? Array(0..<24) : []))
            // The KL term is that of the two constrained distributions, which are the same before the first step.
            #expect(abs(statistics.klReference) < 1e-9)
        }
    }
}
