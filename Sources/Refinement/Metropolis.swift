internal import Foundation

/// The rules by which proposals and exchanges are taken: pure functions of weights and a random number.
package enum Metropolis {
    /// The logarithm of p(x) exp(-alpha E(x)); -infinity for a crystal that is not allowed.
    package static func logWeight(_ state: WalkState, alpha: Double) -> Double {
        state.energy.map { state.logProbability - alpha * $0 } ?? -.infinity
    }

    /// Whether a proposal is taken, with probability min(1, (w' / w)^(1/T)).
    ///
    /// From a crystal that is not allowed any that is allowed is taken; between two that are not, the policy decides.
    /// - Parameter uniform: a random number in (0, 1).
    package static func accepts(
        _ proposal: WalkState, from state: WalkState, alpha: Double, temperature: Double, uniform: Double
    ) -> Bool {
        let (new, old) = (logWeight(proposal, alpha: alpha), logWeight(state, alpha: alpha))
        let difference =
            new == -.infinity && old == -.infinity ? proposal.logProbability - state.logProbability : new - old
        return log(uniform) < difference / temperature
    }

    /// Whether a proposal is refused however low its energy may be, so that it need not be measured.
    ///
    /// - Parameter lowest: no energy is below it.
    static func refuses(
        logProbability: Double, from state: WalkState, alpha: Double, temperature: Double, uniform: Double,
        lowest: Double
    ) -> Bool {
        // From a crystal that is not allowed whatever is allowed is taken.
        guard lowest > -.infinity, state.energy != nil else { return false }
        let best = WalkState(crystal: state.crystal, logProbability: logProbability, energy: lowest)
        return !accepts(best, from: state, alpha: alpha, temperature: temperature, uniform: uniform)
    }

    /// Whether two chains exchange their crystals, with probability min(1, (w2 / w1)^(1/T1 - 1/T2)).
    package static func exchanges(
        _ first: WalkState, _ second: WalkState, alpha: Double, temperatures: (Double, Double), uniform: Double
    ) -> Bool {
        let (one, two) = (logWeight(first, alpha: alpha), logWeight(second, alpha: alpha))
        if two == -.infinity { return false }
        return log(uniform) < (1 / temperatures.0 - 1 / temperatures.1) * (two - one)
    }
}
