import Base
import Crystals
import Engines
import Foundation
import Policy
import Testing
import Trajectories

@Suite struct PolicyEngineTests {
    private let policy: PolicyWeights
    private let reference: PolicyWeights

    init() {
        var sizes = PolicyConfiguration()
        sizes.layers = 2
        sizes.heads = 2
        sizes.keySize = 8
        sizes.modelSize = 16
        sizes.maximumSites = 6
        policy = PolicyWeights(random: 1, configuration: sizes)
        sizes.layers = 1
        reference = PolicyWeights(random: 2, configuration: sizes)
    }

    private func draw(_ engine: PolicyEngine, seed: UInt64, count: Int) throws -> [Crystal] {
        let group = try #require(SpaceGroup(number: 225))
        return try engine.draw(
            Array(repeating: group, count: count),
            generators: (0..<count).map { Philox(seed: seed, domain: .testing, stream: (0, 0, UInt32($0))) }
        ).map(\.crystal)
    }

    /// What an engine draws has a probability under its constraint, whatever the sizes of the policy that is asked.
    @Test func draws_areWithinTheConstraint_andHaveAProbability() throws {
        let iron = try #require(Element(symbol: "Fe"))
        var options = SamplingOptions()
        options.constraint = Constraint(elements: [iron])
        let engine = PolicyEngine(policy: policy, options: options, capacity: 12)
        let crystals = try draw(engine, seed: 1, count: 12)
        #expect(crystals.allSatisfy { $0.sites.allSatisfy { $0.element == iron } })
        for weights in [policy, reference, policy] {
            // One element alone: it is certain.
            #expect(try engine.logProbabilities(of: crystals, under: weights).allSatisfy { abs($0.a) < 1e-9 })
        }
        let free = PolicyEngine(policy: policy, capacity: 12)
        #expect(try free.logProbabilities(of: crystals, under: policy).allSatisfy { $0.a < -1 })
    }

    /// A run's elements reach the actors: draws and both log-probabilities are under them, and the settings of a run
    /// without a choice are what they were.
    @Test func unitSampler_drawsTheRunsElementsAlone() throws {
        let few = Constraint(elements: Set(try ["Li", "O", "Fe"].map { try #require(Element(symbol: $0)) }))
        let settings = try PeerSettings.text(SamplingSettings(spaceGroups: [225, 62], constraint: few))
        #expect(settings == #"{"elements":[3,8,26],"spaceGroups":[225,62]}"#)
        #expect(try PeerSettings.text(SamplingSettings(spaceGroups: [225])) == #"{"spaceGroups":[225]}"#)
        let sampler = try PolicyUnitSampler(settings: settings)
        try sampler.load(policy: Blob(policy.encoded()), reference: Blob(reference.encoded()), version: 0)
        let crystals = try sampler.sample(WorkUnit(runSeed: 5, version: 0, unit: 0, crystalCount: 40))
        #expect(Set(crystals.flatMap { $0.crystal.sites.map(\.element.symbol) }) == ["Li", "O", "Fe"])
        for (weights, claim) in [(policy, \SampledCrystal.logProbability), (reference, \.referenceLogProbability)] {
            let own = LikelihoodEvaluator(layout: weights.layout).evaluate(
                try PackedBatch(crystals.map(\.crystal), configuration: weights.configuration), weights: weights,
                constraint: few)
            for (crystal, value) in zip(crystals, own) { #expect(abs(crystal[keyPath: claim].a - value.a) < 1e-4) }
        }
        for text in [#"{"elements":[119],"spaceGroups":[]}"#, #"{"elements":[],"spaceGroups":[]}"#] {
            #expect(throws: RoleError.self) { try PolicyUnitSampler(settings: text) }
        }
    }

    /// One sampler of units, kept over versions and units in any order, gives the bits of new ones.
    @Test func keptUnitSampler_givesTheBitsOfANewOne() throws {
        let settings = try PeerSettings.text(SamplingSettings(spaceGroups: [225, 62]))
        let anchor = Blob(try reference.encoded())
        let versions = try [policy, PolicyWeights(random: 3, configuration: policy.configuration)].map {
            Blob(try $0.encoded())
        }
        let kept = try PolicyUnitSampler(settings: settings)
        for (version, unit, count) in [(0, 3, 40), (1, 0, 5), (0, 0, 32), (1, 3, 33)] {
            let work = WorkUnit(runSeed: 5, version: PolicyVersion(version), unit: unit, crystalCount: count)
            let new = try PolicyUnitSampler(settings: settings)
            for sampler in [kept, new] {
                try sampler.load(policy: versions[version], reference: anchor, version: PolicyVersion(version))
            }
            #expect(try kept.sample(work) == new.sample(work))
        }
    }
}
