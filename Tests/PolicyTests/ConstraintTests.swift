import Base
import Crystals
import Foundation
import Kernels
import Policy
import PolicyFixtures
import Testing
import Trajectories

/// Log-probabilities under a constraint are those of the distribution that is sampled.
@Suite struct ConstraintTests {
    private let weights: PolicyWeights
    private let few: Constraint

    init() throws {
        weights = try Fixture.weights("tiny")
        few = Constraint(elements: Set(try ["Li", "O", "Fe"].map { try #require(Element(symbol: $0)) }))
    }

    /// A crystal of one site on position 1 of group 221, whose element is to be chosen.
    private func crystal(_ element: Element) throws -> Crystal {
        Crystal(
            spaceGroup: try #require(SpaceGroup(number: 221)),
            sites: [Crystal.Site(wyckoff: 1, element: element, position: .zero)],
            lattice: LatticeParameters(a: 4, b: 4, c: 4, alpha: 90, beta: 90, gamma: 90))
    }

    /// log p of the first position of a crystal of one site: what all continuations have in common.
    private func firstPosition(_ crystal: Crystal) throws -> Double {
        let batch = try PackedBatch([crystal], configuration: weights.configuration)
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        _ = evaluator.evaluate(batch, weights: weights)
        let logits = evaluator.lastOutputs(batch).first
        let allowed = 1...crystal.spaceGroup.wyckoffPositions.count
        let sum = allowed.reduce(0) { $0 + exp(Double(logits[$1])) }
        return Double(logits[crystal.sites[0].wyckoff]) - log(sum)
    }

    private func evaluate(_ crystals: [Crystal], _ constraint: Constraint) throws -> [LogProbabilities] {
        LikelihoodEvaluator(layout: weights.layout).evaluate(
            try PackedBatch(crystals, configuration: weights.configuration), weights: weights, constraint: constraint)
    }

    @Test func probabilities_ofTheAllowedElements_addUpToOne() throws {
        let all = (1...118).compactMap(Element.init(atomicNumber:))
        let crystals = try all.map(crystal)
        for constraint in [few, Constraint.none, Constraint(elements: Set(all))] {
            let values = try evaluate(crystals, constraint)
            var sum = 0.0
            for (element, value) in zip(all, values) {
                if constraint.allows(atomicNumber: element.atomicNumber) {
                    sum += exp(value.a)
                } else {
                    #expect(value.a == -1e10)
                }
            }
            #expect(abs(sum - 1) < 1e-6)
        }
    }

    /// The other parts of a log-probability do not see the constraint.
    @Test func constraint_changesTheElementsAlone() throws {
        let lithium = try #require(Element(symbol: "Li"))
        let free = try evaluate([crystal(lithium)], .none)[0]
        let bound = try evaluate([crystal(lithium)], few)[0]
        #expect(free.w == bound.w && free.xyz == bound.xyz && free.l == bound.l)
        #expect(bound.a > free.a)
    }

    /// A crystal of too few elements does not end while a position is left; what may follow has all of the probability.
    @Test func end_withTooFewElements_isNotDrawn() throws {
        let several = Constraint(minimumElements: 2)
        let (iron, oxygen) = (try #require(Element(symbol: "Fe")), try #require(Element(symbol: "O")))
        let one = try crystal(iron)
        #expect(try evaluate([one], several)[0].w <= -1e10)
        var two = one
        two.sites.append(Crystal.Site(wyckoff: 2, element: oxygen, position: SIMD3(repeating: 0.5)))
        let (free, bound) = (try evaluate([one, two], .none), try evaluate([one, two], several)[1])
        #expect(bound.w > free[1].w && bound.a == free[1].a && bound.l == free[1].l)
        // Renormalised without the end after the first site: exp(w) grows by 1 / (1 - p(end)), and p(end) is what the
        // crystal of one site has beside its first position, which both share.
        let growth = exp(bound.w - free[1].w)
        let (shorter, start) = (free[0].w, try firstPosition(one))
        #expect(abs(growth - 1 / (1 - exp(shorter - start))) < 1e-4 * growth)
        #expect(several.allows(two, maximumSites: 21) && !several.allows(one, maximumSites: 21))
        // Of as many sites as the policy takes, it ends by no choice of its own.
        #expect(several.allows(one, maximumSites: 1))
        // The last position without free coordinates has no successor.
        #expect(Constraint(elements: [iron], minimumElements: 2).problems.count == 1)
    }

    @Test(arguments: [0, 1, 2]) func sampler_andLikelihood_agree(kind: Int) throws {
        var options = SamplingOptions()
        let isConstrained = kind > 0
        options.constraint = [.none, few, Constraint(elements: few.elements, minimumElements: 2)][kind]
        for number in [1, 62, 166, 225] {
            let sampler = Sampler(weights: weights, options: options, capacity: 20)
            sampler.recordsLogProbabilities = true
            let group = try #require(SpaceGroup(number: number))
            let samples = try sampler.sample(
                Array(repeating: group, count: 20),
                generators: (0..<20).map { Philox(seed: 5, domain: .testing, stream: (0, 0, UInt32($0))) })
            let values = try evaluate(samples.map(\.crystal), options.constraint)
            for (sample, value) in zip(samples, values) {
                let own = try #require(sample.logProbability)
                for (mine, theirs) in zip(own.components, value.components) {
                    #expect(abs(mine - theirs) < 1e-3 + 1e-4 * abs(theirs), "group \(number): \(own), \(value)")
                }
                if isConstrained {
                    for site in sample.crystal.sites {
                        #expect(few.allows(atomicNumber: site.element.atomicNumber))
                    }
                    #expect(options.constraint.allows(sample.crystal, maximumSites: weights.configuration.maximumSites))
                }
            }
        }
    }

    /// The gradient under a constraint is that of the constrained log-probability, by finite differences.
    @Test func gradient_underAConstraint_isThatOfItsLogProbability() throws {
        let batch = try PackedBatch(
            [crystal(try #require(Element(symbol: "Fe")))], configuration: weights.configuration)
        let evaluator = LikelihoodEvaluator(layout: weights.layout)
        let only = [LogProbabilities(w: 0, a: 1, xyz: 0, l: 0)]
        _ = evaluator.evaluate(batch, weights: weights, constraint: few, keepsGradient: true)
        let gradient = FloatBuffer(count: weights.layout.parameterCount)
        evaluator.addGradient(coefficients: only, weights: weights, to: gradient.mutableView)
        let bias = weights.layout.output.bias
        func value(_ index: Int, _ step: Float) -> Double {
            var parameters = weights.parameters.array
            parameters[bias.offset + index] += step
            let moved = PolicyWeights(layout: weights.layout, parameters: parameters)
            return evaluator.evaluate(batch, weights: moved, constraint: few)[0].a
        }
        // The bias of an element's logit: allowed ones have a share, others have none.
        for atomicNumber in [3, 8, 26, 27, 1] {
            let slope = (value(atomicNumber, 0.05) - value(atomicNumber, -0.05)) / 0.1
            #expect(abs(slope - Double(gradient[bias.offset + atomicNumber])) < 1e-3)
            if !few.allows(atomicNumber: atomicNumber) { #expect(gradient[bias.offset + atomicNumber] == 0) }
        }
    }

    @Test func emptyConstraint_isAProblem() {
        #expect(!Constraint(elements: []).problems.isEmpty)
        #expect(few.problems.isEmpty && Constraint.none.problems.isEmpty)
    }
}
