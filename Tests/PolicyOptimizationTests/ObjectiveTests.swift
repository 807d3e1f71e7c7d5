// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

import Base
import Foundation
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// The clipped objective against the reference (tolerance: 1e-5 relative).
@Suite struct ObjectiveTests {
    struct Unit: Decodable {
        struct Case: Decodable {
            let beta: Double
            let eps_clip: Double
            let value: Double
            let kl: Double
            let dvalue_dlogp: [Double]
        }
        let logp: [Double]
        let old_logp: [Double]
        let pretrain_logp: [Double]
        let advantages: [Double]
        let cases: [Case]
    }

    @Test func differentiatedForm_matchesTheReference() throws {
        let unit: Unit = try Fixture.json("ppo_unit.json")
        for expected in unit.cases {
            let objective = ClippedObjective(
                clip: expected.eps_clip, klWeight: expected.beta, ratio: .crystal, advantage: .differentiated)
            let n = Double(unit.logp.count)
            var value = 0.0
            var kl = 0.0
            for index in unit.logp.indices {
                let term = objective.term(
                    current: whole(unit.logp[index]), proximal: whole(unit.old_logp[index]),
                    reference: whole(unit.pretrain_logp[index]), advantage: unit.advantages[index])
                value += term.value / n
                kl += term.kl / n
                let slope = expected.dvalue_dlogp[index]
                #expect(abs(term.derivative.w / n - slope) <= 1e-5 * abs(slope) + 1e-9)
            }
            #expect(abs(value - expected.value) <= 1e-5 * abs(expected.value))
            #expect(abs(kl - expected.kl) <= 1e-5 * abs(expected.kl))
        }
    }

    /// Both forms of the derivative against finite differences; the detached one with the advantage held.
    @Test(arguments: ClippedObjective.Ratio.allCases, ClippedObjective.Advantage.allCases)
    func derivative_matchesFiniteDifferences(ratio: ClippedObjective.Ratio, advantage: ClippedObjective.Advantage) {
        var generator = Philox(seed: 7, domain: .testing)
        for _ in 0..<200 {
            let objective = ClippedObjective(clip: 0.2, klWeight: 0.3, ratio: ratio, advantage: advantage)
            let behaviour = random(&generator, scale: 5)
            var current = behaviour
            let shift = random(&generator, scale: 0.3)
            current = LogProbabilities(
                w: current.w + shift.w, a: current.a + shift.a, xyz: current.xyz + shift.xyz, l: current.l + shift.l)
            let reference = random(&generator, scale: 5)
            let level = generator.normal()
            func value(_ at: LogProbabilities) -> Double {
                guard advantage == .detached else {
                    return objective.term(current: at, proximal: behaviour, reference: reference, advantage: level)
                        .value
                }
                let held = level - 0.3 * (current.total - reference.total)
                let plain = ClippedObjective(clip: 0.2, klWeight: 0, ratio: ratio, advantage: .detached)
                return plain.term(current: at, proximal: behaviour, reference: reference, advantage: held).value
            }
            let term = objective.term(current: current, proximal: behaviour, reference: reference, advantage: level)
            let paths: [WritableKeyPath<LogProbabilities, Double>] = [\.w, \.a, \.xyz, \.l]
            for path in paths {
                var (above, below) = (current, current)
                above[keyPath: path] += 1e-6
                below[keyPath: path] -= 1e-6
                let slope = (value(above) - value(below)) / 2e-6
                #expect(abs(term.derivative[keyPath: path] - slope) < 1e-5 * (1 + abs(slope)))
            }
        }
    }

    /// Beyond the limit the value is flat where the advantage is negative, and untouched where it is positive.
    @Test(arguments: ClippedObjective.Ratio.allCases)
    func ratioLimit_boundsNegativeAdvantagesAlone(ratio: ClippedObjective.Ratio) {
        let free = ClippedObjective(clip: 0.2, klWeight: 0, ratio: ratio)
        var limited = free
        limited.ratioLimit = 10
        for difference in [-3.0, 0, 0.1, 1, 2, 2.2, 2.4, 5, 60] {
            for level in [-1.5, 1.5] {
                func value(_ shift: Double, _ objective: ClippedObjective) -> ClippedObjective.Term {
                    objective.term(
                        current: whole(difference + shift), proximal: whole(0), reference: whole(0), advantage: level)
                }
                let (term, other) = (value(0, limited), value(0, free))
                if level < 0, difference > log(10) {
                    let rest = ratio == .component ? 3 * level : 0
                    #expect(abs(term.value - (10 * level + rest)) < 1e-9 && term.derivative.w == 0 && term.isClipped[0])
                } else {
                    #expect(term == other)
                }
                let slope = (value(1e-6, limited).value - value(-1e-6, limited).value) / 2e-6
                if level < 0 { #expect(abs(slope - term.derivative.w) <= 1e-5 * (1 + abs(slope))) }
            }
        }
    }

    @Test func hugeDifference_staysFinite() {
        let term = ClippedObjective().term(
            current: whole(0), proximal: whole(-1e6), reference: whole(0), advantage: -1)
        #expect(term.value.isFinite && term.derivative.total.isFinite)
    }

    @Test func baseline_startsAtTheFirstMeanAndForgetsSlowly() {
        var baseline = RunningBaseline()
        #expect(baseline.update(meanReward: 4) == 4)
        #expect(abs(baseline.update(meanReward: 2) - 3.9) < 1e-12)
    }

    private func whole(_ value: Double) -> LogProbabilities { LogProbabilities(w: value, a: 0, xyz: 0, l: 0) }

    private func random(_ generator: inout Philox, scale: Double) -> LogProbabilities {
        LogProbabilities(
            w: scale * generator.normal(), a: scale * generator.normal(), xyz: scale * generator.normal(),
            l: scale * generator.normal())
    }
}
