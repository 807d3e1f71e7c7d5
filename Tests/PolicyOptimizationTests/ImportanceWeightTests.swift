import Crystals
import Foundation
import Kernels
import Policy
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// Crystals that an older policy sampled, in the decoupled objective.
@Suite struct ImportanceWeightTests {
    private let behaviour = LogProbabilities(w: -1, a: -2, xyz: -3, l: -4)

    @Test func weights_areTruncatedRatiosOfProximalToBehaviour() {
        let proximal = LogProbabilities(w: -1 + log(2), a: -2 - log(4), xyz: -3 + 9, l: -4)
        let whole = ImportanceWeights(proximal: proximal, behaviour: behaviour, ratio: .crystal, limit: 5)
        #expect(whole.product == 5 && whole.truncatedCount == 1)
        let parts = ImportanceWeights(proximal: proximal, behaviour: behaviour, ratio: .component, limit: 5)
        #expect(abs(parts.product - 2 * 0.25 * 5) < 1e-12 && parts.truncatedCount == 1)
        let same = ImportanceWeights(proximal: behaviour, behaviour: behaviour, ratio: .component, limit: 1)
        #expect(same.product == 1 && same.truncatedCount == 0)
        #expect(ImportanceWeights.one.product == 1)
    }

    /// A weight is a constant factor of the value and of its slope, whatever branch is taken.
    @Test(arguments: ClippedObjective.Advantage.allCases, [-2.0, -0.1, 0.1, 3])
    func term_countsByItsWeight(form: ClippedObjective.Advantage, shift: Double) {
        let objective = ClippedObjective(clip: 0.2, klWeight: 0.3, ratio: .crystal, advantage: form, ratioLimit: 10)
        let current = LogProbabilities(w: behaviour.w + shift, a: -2, xyz: -3, l: -4)
        func term(_ weights: ImportanceWeights, _ level: Double) -> ClippedObjective.Term {
            objective.term(
                current: current, proximal: behaviour, reference: behaviour, advantage: level, weights: weights)
        }
        let older = LogProbabilities(w: behaviour.w - log(3), a: -2, xyz: -3, l: -4)
        let weights = ImportanceWeights(proximal: behaviour, behaviour: older, ratio: .crystal, limit: 5)
        for level in [-1.5, 1.5] {
            let (plain, weighted) = (term(.one, level), term(weights, level))
            #expect(abs(weighted.value - 3 * plain.value) < 1e-12 * (1 + abs(weighted.value)))
            #expect(abs(weighted.derivative.w - 3 * plain.derivative.w) < 1e-12 * (1 + abs(weighted.derivative.w)))
            #expect(weighted.ratios == plain.ratios && weighted.isClipped == plain.isClipped)
            #expect(weighted.kl == plain.kl)
        }
    }

    /// Components are weighted each by itself.
    @Test func components_haveTheirOwnWeights() {
        let objective = ClippedObjective(clip: 0.2, klWeight: 0, ratio: .component)
        let older = LogProbabilities(w: -1 - log(2), a: -2 - log(3), xyz: -3, l: -4 + log(4))
        let weights = ImportanceWeights(proximal: behaviour, behaviour: older, ratio: .component, limit: 10)
        let term = objective.term(
            current: behaviour, proximal: behaviour, reference: behaviour, advantage: 1, weights: weights)
        let slopes = [term.derivative.w, term.derivative.a, term.derivative.xyz, term.derivative.l]
        for (slope, expected) in zip(slopes, [2, 3, 1, 0.25]) { #expect(abs(slope - expected) < 1e-12) }
    }

    /// The trainer weighs what another version sampled, by what it claims, and nothing else.
    @Test func trainer_weighsCrystalsOfOlderVersions() throws {
        let start = try Fixture.weights("tiny")
        let crystals = Array(try Fixture.inputCrystals().prefix(24))
        let values = try GradientTeam(layout: start.layout, threads: 2).logProbabilities(of: crystals, weights: start)
        func train(
            shift: Double, of index: Int = 0, version: PolicyVersion?, limit: Double = 5
        ) throws -> (statistics: PolicyGradientStatistics, parameters: [Float]) {
            var settings = PolicyGradientSettings()
            settings.epochs = 2
            settings.importanceLimit = limit
            settings.objective.ratio = .crystal
            let trainer = PolicyGradientTrainer(weights: start, settings: settings, threads: 2)
            let batch = crystals.indices.map { place in
                var claim = values[place]
                if place == index { claim.w += shift }
                return (
                    sampled(crystals[place], behaviour: claim, reference: values[place], index: place),
                    reward: Double(place % 5)
                )
            }
            return (try trainer.train(batch, version: version), trainer.weights.parameters.array)
        }
        let version = sampled(crystals[0], behaviour: values[0], reference: values[0], index: 0).id.version
        let own = try train(shift: 0, version: version)
        #expect(own.statistics.importance == nil && own.statistics.claimsOff.isEmpty)
        // Of another version, but with the same probabilities: the same step.
        let alike = try train(shift: 0, version: PolicyVersion(version.number + 1))
        #expect(alike.parameters == own.parameters)
        #expect(abs((alike.statistics.importance?.mean ?? 0) - 1) < 1e-6)
        // Less probable when it was sampled: it counts more, and nobody is blamed for it.
        let older = try train(shift: -log(3), version: PolicyVersion(version.number + 1))
        #expect(older.parameters != own.parameters && older.statistics.claimsOff.isEmpty)
        let importance = try #require(older.statistics.importance)
        #expect(abs(importance.maximum - 3) < 1e-3 && importance.truncated == 0)
        #expect(abs(importance.mean - (1 + 2.0 / 24)) < 1e-3)
        #expect(abs(importance.effectiveSampleShare - 26 * 26 / (24 * 32.0)) < 1e-3)
        let held = try train(shift: -log(3), version: PolicyVersion(version.number + 1), limit: 2)
        let truncated = try #require(held.statistics.importance)
        #expect(abs(truncated.maximum - 2) < 1e-9 && truncated.truncated == 1 / 24.0)
        // Of the own version the same claim is a wrong one, and does not count.
        let wrong = try train(shift: -log(3), version: version)
        #expect(wrong.parameters == own.parameters && wrong.statistics.claimsOff == [0])
    }
}
