import Foundation
import Refinement
import Testing

@Suite struct MetropolisTests {
    private func state(_ logProbability: Double, _ energy: Double?) throws -> WalkState {
        WalkState(crystal: try ToyCrystals.rockSalt(), logProbability: logProbability, energy: energy)
    }

    /// Weights exp(-3) and exp(-4 - 0.5 x 2): the ratio is exp(-2), at temperature 4 exp(-0.5).
    @Test func accepts_withTheProbabilityOfTheWeights() throws {
        let (old, new) = (try state(-3, 0), try state(-4, 2))
        for (temperature, probability) in [(1.0, exp(-2.0)), (4, exp(-0.5))] {
            for (uniform, isTaken) in [(probability * 0.999, true), (probability * 1.001, false)] {
                #expect(
                    Metropolis.accepts(
                        new, from: old, alpha: 0.5, temperature: temperature, uniform: uniform) == isTaken)
            }
        }
        #expect(Metropolis.accepts(old, from: new, alpha: 0.5, temperature: 1, uniform: 0.9999))
    }

    @Test func accepts_whatIsNotAllowed_onlyFromThere() throws {
        let (allowed, not) = (try state(-9, 5), try state(-1, nil))
        func accepts(_ new: WalkState, from old: WalkState) -> Bool {
            Metropolis.accepts(new, from: old, alpha: 0, temperature: 1, uniform: 1e-12)
        }
        #expect(!accepts(not, from: allowed))
        #expect(accepts(allowed, from: not) && accepts(not, from: not))
        #expect(!Metropolis.accepts(try state(-3, nil), from: not, alpha: 1, temperature: 1, uniform: 0.2))
    }

    /// Weights exp(-1) at 1 and exp(-4) at 3: (exp(-4) / exp(-1))^(1 - 1/3) = exp(-2).
    @Test func exchanges_withTheProbabilityOfBothWeights() throws {
        let (cold, hot) = (try state(-1, 0), try state(-4, 0))
        func exchanges(_ first: WalkState, _ second: WalkState, _ uniform: Double) -> Bool {
            Metropolis.exchanges(first, second, alpha: 1, temperatures: (1, 3), uniform: uniform)
        }
        #expect(exchanges(cold, hot, exp(-2) * 0.999) && !exchanges(cold, hot, exp(-2) * 1.001))
        #expect(exchanges(hot, cold, 0.9999))
        let excluded = try state(0, nil)
        #expect(!exchanges(cold, excluded, 1e-12) && exchanges(excluded, cold, 0.9999))
    }

    @Test func ladder_risesByOneFactor() {
        #expect(RefinementSettings.ladder(count: 1, hottest: 9) == [1])
        let ladder = RefinementSettings.ladder(count: 3, hottest: 9)
        #expect(ladder.count == 3 && ladder[0] == 1 && abs(ladder[1] - 3) < 1e-12 && abs(ladder[2] - 9) < 1e-12)
    }

    @Test func problems_areNamed() {
        #expect(RefinementSettings().problems.isEmpty)
        var settings = RefinementSettings()
        settings.temperatures = [1, 3, 2]
        settings.alpha = -1
        settings.steps = 0
        settings.moves = []
        settings.elements = []
        #expect(settings.problems.count == 5)
    }
}
