package import Crystals
package import Potentials
package import Stability
package import Trajectories

/// Measures crystals: whether they are valid, their energy and its height above the convex hull, unrelaxed, as arXiv
/// 2504.02367 does. What that is worth is not decided here.
///
/// Every evaluation ends in an outcome; nothing throws. Thread rule: one owner, as for its evaluator; the hull may be
/// shared.
package final class StabilityMeasurer {
    private let limits: ValidityLimits
    private let evaluator: any EnergyEvaluator
    private let hull: HullReference
    private let clock = ContinuousClock()

    package init(evaluator: any EnergyEvaluator, hull: HullReference, limits: ValidityLimits) {
        self.evaluator = evaluator
        self.hull = hull
        self.limits = limits
    }

    /// Evaluates one crystal.
    ///
    /// - Parameter isTerminated: whether the policy ended the crystal itself rather than ran out of sites.
    package func evaluate(_ crystal: Crystal, isTerminated: Bool = true) -> TimedOutcome {
        var times = MeasuringTimes()
        do throws(Rejection) {
            let structure = try measure(&times.buildSeconds) { () throws(Rejection) in
                guard isTerminated else { throw .invalid(.unterminated) }
                return try limits.structure(of: crystal)
            }
            let composition = structure.composition
            // The hull first: without reference there is no use in the energy, which costs more.
            let hullEnergy = try measure(&times.hullSeconds) { () throws(Rejection) in
                do throws(HullError) {
                    return try hull.phaseDiagram(of: composition.amounts.keys).hullEnergyPerAtom(of: composition)
                } catch { throw Rejection(error) }
            }
            let energy = try measure(&times.energySeconds) { () throws(Rejection) in
                do throws(PotentialError) {
                    return try evaluator.energyPerAtom(of: structure)
                } catch { throw Rejection(error) }
            }
            guard energy.isFinite else { throw .failed(.engine("the potential gave no finite energy")) }
            let measurement = Measurement(energyPerAtom: energy, energyAboveHull: energy - hullEnergy)
            return TimedOutcome(outcome: .measured(measurement), times: times)
        } catch {
            return TimedOutcome(outcome: error.outcome, times: times)
        }
    }

    private func measure<Value>(
        _ seconds: inout Double, _ work: () throws(Rejection) -> Value
    ) throws(Rejection) -> Value {
        let start = clock.now
        defer { seconds = (clock.now - start) / .seconds(1) }
        return try work()
    }
}

/// An outcome and what it took.
package struct TimedOutcome: Sendable, Hashable {
    package let outcome: Outcome
    package let times: MeasuringTimes
}

/// The time that each step of an evaluation took, s; 0 for steps that were not reached.
package struct MeasuringTimes: Sendable, Hashable {
    /// Building the structure and checking that it is one.
    package var buildSeconds = 0.0
    package var hullSeconds = 0.0
    package var energySeconds = 0.0

    package init() {}

    package var totalSeconds: Double { buildSeconds + hullSeconds + energySeconds }
}
