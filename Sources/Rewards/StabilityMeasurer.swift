package import Crystals
package import Potentials
package import Stability
package import Trajectories

/// Measures crystals: whether they are valid, their energy and its height above the convex hull; unrelaxed, as arXiv
/// 2504.02367 does, or relaxed. What that is worth is not decided here.
///
/// Every evaluation ends in an outcome; nothing throws. Thread rule: one owner, as for its evaluator; the hull may be
/// shared.
package final class StabilityMeasurer {
    private let limits: ValidityLimits
    private let evaluator: any PotentialEvaluator
    private let hull: HullReference
    private let committee: CommitteeEvaluator?
    private let relaxation: RelaxationSettings?
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - relaxation: whether crystals are relaxed first.
    ///   - committee: what tells the uncertainty of those crystals of which it is wanted; nil: it is not measured.
    package init(
        evaluator: any PotentialEvaluator, hull: HullReference, limits: ValidityLimits,
        relaxation: RelaxationRule = RelaxationRule(), committee: CommitteeEvaluator? = nil
    ) {
        self.relaxation = relaxation.settings
        self.evaluator = evaluator
        self.hull = hull
        self.committee = committee
        self.limits = limits
    }

    /// A crystal to be measured.
    package struct Candidate: Sendable {
        package var crystal: Crystal
        /// Whether the policy ended the crystal itself rather than ran out of sites.
        package var isTerminated: Bool
        /// Whether its uncertainty is to be measured as well.
        package var wantsUncertainty: Bool

        package init(_ crystal: Crystal, isTerminated: Bool = true, wantsUncertainty: Bool = false) {
            self.crystal = crystal
            self.isTerminated = isTerminated
            self.wantsUncertainty = wantsUncertainty
        }
    }

    /// A crystal that is worth its energy.
    private struct Prepared {
        var structure: Structure
        /// eV/atom
        let hullEnergy: Double
        /// What its relaxation tells, if there was one.
        var values: [Measurement.Quantity: Double] = [:]
        var relaxed: RelaxedGeometry?
    }

    /// Evaluates one crystal.
    ///
    /// - Parameter isTerminated: whether the policy ended the crystal itself rather than ran out of sites.
    package func evaluate(_ crystal: Crystal, isTerminated: Bool = true) -> TimedOutcome {
        // invariant: as many evaluations as candidates.
        evaluate([Candidate(crystal, isTerminated: isTerminated)])[0]
    }

    /// Evaluates crystals, in their order; the potential sees those that are valid and have a reference as one batch.
    package func evaluate(_ candidates: [Candidate]) -> [TimedOutcome] {
        var times = candidates.map { _ in MeasuringTimes() }
        let prepared = candidates.indices.map { index in
            Result { () throws(Rejection) in
                let item = try prepare(candidates[index], &times[index])
                guard let relaxation else { return item }
                return try measure(&times[index].relaxationSeconds) { () throws(Rejection) in
                    try relax(item, candidates[index].crystal, relaxation)
                }
            }
        }
        let structures = prepared.compactMap { try? $0.get().structure }
        let start = clock.now
        var answers = evaluator.evaluate(structures, .energy)[...]
        let seconds = structures.isEmpty ? 0 : (clock.now - start) / .seconds(1)
        let atoms = structures.reduce(0) { $0 + $1.atomCount }
        return candidates.indices.map { index in
            do throws(Rejection) {
                let item = try prepared[index].get()
                // The time of a batch is shared out by atoms.
                times[index].energySeconds = seconds * Double(item.structure.atomCount) / Double(max(1, atoms))
                var values = try values(of: item, answers.popFirst())
                if candidates[index].wantsUncertainty, values[.uncertainty] == nil {
                    values[.uncertainty] = uncertainty(of: item.structure, &times[index])
                }
                let measurement = Measurement(values, relaxed: item.relaxed)
                return TimedOutcome(outcome: .measured(measurement), times: times[index])
            } catch {
                return TimedOutcome(outcome: error.outcome, times: times[index])
            }
        }
    }

    private func prepare(_ candidate: Candidate, _ times: inout MeasuringTimes) throws(Rejection) -> Prepared {
        let structure = try measure(&times.buildSeconds) { () throws(Rejection) in
            guard candidate.isTerminated else { throw .invalid(.unterminated) }
            return try limits.structure(of: candidate.crystal)
        }
        let composition = structure.composition
        // The hull first: without reference there is no use in the energy, which costs more.
        let hullEnergy = try measure(&times.hullSeconds) { () throws(Rejection) in
            do throws(HullError) {
                return try hull.phaseDiagram(of: composition.amounts.keys).hullEnergyPerAtom(of: composition)
            } catch { throw Rejection(error) }
        }
        return Prepared(structure: structure, hullEnergy: hullEnergy)
    }

    /// The crystal where its relaxation ended, which is what is measured.
    private func relax(
        _ item: Prepared, _ crystal: Crystal, _ settings: RelaxationSettings
    ) throws(Rejection) -> Prepared {
        let relaxation: Relaxation
        // invariant: a result for each input.
        do throws(RelaxationError) {
            relaxation = try settings.relax([.crystal(crystal)], with: evaluator)[0].get()
        } catch { throw Rejection(error) }
        switch relaxation.end {
        case .exploded: throw .invalid(.relaxationExploded)
        case .collapsed, .crowded: throw .invalid(.relaxationCollapsed)
        case .converged, .steps, .stalled, .failed: break
        }
        guard let final = relaxation.finalCrystal else { throw .failed(.engine("the relaxation lost the space group")) }
        var relaxed = item
        relaxed.structure = try limits.structure(of: final)
        relaxed.relaxed = RelaxedGeometry(of: final)
        relaxed.values = [
            .initialEnergyPerAtom: relaxation.initialEnergyPerAtom,
            .initialEnergyAboveHull: relaxation.initialEnergyPerAtom - item.hullEnergy,
            .relaxationSteps: Double(relaxation.steps),
            .relaxationConverged: relaxation.end == .converged ? 1 : 0,
            .relaxationDisplacement: relaxation.displacement, .relaxationVolumeRatio: relaxation.volumeRatio,
        ]
        return relaxed
    }

    private func uncertainty(of structure: Structure, _ times: inout MeasuringTimes) -> Double? {
        guard let committee else { return nil }
        let start = clock.now
        defer { times.uncertaintySeconds = (clock.now - start) / .seconds(1) }
        return committee.spread(of: [structure])[0]
    }

    private func values(
        of item: Prepared, _ answer: Result<PotentialEvaluation, PotentialError>?
    ) throws(Rejection) -> [Measurement.Quantity: Double] {
        guard let answer else { throw .failed(.engine("the potential gave no answer")) }
        let evaluation: PotentialEvaluation
        do throws(PotentialError) { evaluation = try answer.get() } catch { throw Rejection(error) }
        let energy = evaluation.energyPerAtom
        guard energy.isFinite else { throw .failed(.engine("the potential gave no finite energy")) }
        var values = item.values
        values[.energyPerAtom] = energy
        values[.energyAboveHull] = energy - item.hullEnergy
        for (name, value) in evaluation.quantities {
            let quantity = Measurement.Quantity(rawValue: name)
            // An energy and a height stay those that the hull was held against.
            if values[quantity] == nil { values[quantity] = value }
        }
        return values
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
    var uncertaintySeconds = 0.0
    var relaxationSeconds = 0.0

    package init() {}

    package var totalSeconds: Double {
        buildSeconds + hullSeconds + relaxationSeconds + energySeconds + uncertaintySeconds
    }
}
