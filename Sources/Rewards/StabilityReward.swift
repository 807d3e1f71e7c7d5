package import Crystals
package import Potentials
package import Stability
package import Trajectories

/// Judges crystals by their energy above the convex hull, unrelaxed, as arXiv 2504.02367 does.
///
/// Every evaluation ends in an outcome; nothing throws. Thread rule: one owner, as for its evaluator; the hull may be
/// shared.
package final class StabilityReward {
    package let configuration: RewardConfiguration
    private let evaluator: any PotentialEvaluator
    private let hull: HullReference
    private let clock = ContinuousClock()

    package init(evaluator: any PotentialEvaluator, hull: HullReference, configuration: RewardConfiguration) {
        self.evaluator = evaluator
        self.hull = hull
        self.configuration = configuration
    }

    /// A crystal to be judged.
    package struct Candidate: Sendable {
        package var crystal: Crystal
        /// Whether the policy ended the crystal itself rather than ran out of sites.
        package var isTerminated: Bool

        package init(_ crystal: Crystal, isTerminated: Bool = true) {
            self.crystal = crystal
            self.isTerminated = isTerminated
        }
    }

    /// A crystal that is worth its energy.
    private struct Prepared {
        let structure: Structure
        /// eV/atom
        let hullEnergy: Double
    }

    /// Evaluates one crystal.
    ///
    /// - Parameter isTerminated: whether the policy ended the crystal itself rather than ran out of sites.
    package func evaluate(_ crystal: Crystal, isTerminated: Bool = true) -> RewardEvaluation {
        // invariant: as many evaluations as candidates.
        evaluate([Candidate(crystal, isTerminated: isTerminated)])[0]
    }

    /// Evaluates crystals, in their order; the potential sees those that are valid and have a reference as one batch.
    package func evaluate(_ candidates: [Candidate]) -> [RewardEvaluation] {
        var timings = candidates.map { _ in RewardTimings() }
        let prepared = candidates.indices.map { index in
            Result { () throws(Rejection) in try prepare(candidates[index], &timings[index]) }
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
                timings[index].energySeconds = seconds * Double(item.structure.atomCount) / Double(max(1, atoms))
                let score = try score(item, answers.popFirst())
                return RewardEvaluation(outcome: .scored(score), timings: timings[index])
            } catch {
                return RewardEvaluation(outcome: error.outcome, timings: timings[index])
            }
        }
    }

    private func prepare(_ candidate: Candidate, _ timings: inout RewardTimings) throws(Rejection) -> Prepared {
        let structure = try measure(&timings.buildSeconds) { () throws(Rejection) in
            guard candidate.isTerminated else { throw .invalid(.unterminated) }
            return try configuration.limits.structure(of: candidate.crystal)
        }
        let composition = structure.composition
        // The hull first: without reference there is no use in the energy, which costs more.
        let hullEnergy = try measure(&timings.hullSeconds) { () throws(Rejection) in
            do throws(HullError) {
                return try hull.phaseDiagram(of: composition.amounts.keys).hullEnergyPerAtom(of: composition)
            } catch { throw Rejection(error) }
        }
        return Prepared(structure: structure, hullEnergy: hullEnergy)
    }

    private func score(
        _ item: Prepared, _ answer: Result<PotentialEvaluation, PotentialError>?
    ) throws(Rejection) -> Score {
        guard let answer else { throw .failed(.engine("the potential gave no answer")) }
        let energy: Double
        do throws(PotentialError) { energy = try answer.get().energyPerAtom } catch { throw Rejection(error) }
        guard energy.isFinite else { throw .failed(.engine("the potential gave no finite energy")) }
        let energyAboveHull = energy - item.hullEnergy
        return Score(
            energyPerAtom: energy, energyAboveHull: energyAboveHull,
            reward: configuration.shape.reward(energyAboveHull: energyAboveHull))
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
package struct RewardEvaluation: Sendable, Hashable {
    package let outcome: RewardOutcome
    package let timings: RewardTimings
}

/// The time that each step of an evaluation took, s; 0 for steps that were not reached.
package struct RewardTimings: Sendable, Hashable {
    /// Building the structure and checking that it is one.
    package var buildSeconds = 0.0
    package var hullSeconds = 0.0
    package var energySeconds = 0.0

    package init() {}

    package var totalSeconds: Double { buildSeconds + hullSeconds + energySeconds }
}
