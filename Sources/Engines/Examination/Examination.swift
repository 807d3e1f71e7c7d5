package import Crystals
package import Potentials
package import Rewards
package import Trajectories

/// What a recipe asks for in an evaluation: energies of atoms as they are, or where their relaxation ends. What counts
/// as a crystal, and how high it is above the hull, the evaluation itself decides.
package struct Examination: Codable, Sendable, Hashable {
    /// Nil: energies as they are.
    package var relaxation: RelaxationSettings?

    package init(relaxation: RelaxationSettings? = nil) { self.relaxation = relaxation }
}

/// Where a relaxation ended, as an evaluation keeps it.
package struct RelaxedForm: Sendable, Hashable {
    package let structure: Structure
    /// Why it ended: `converged`, `steps`, ...
    package let end: String
    /// eV/atom
    package let energyPerAtom: Double
    package let steps: Int
    /// Å
    package let displacement: Double
    package let volumeRatio: Double

    /// Whether it ended as a crystal: what has left all bounds is none.
    package var isCrystal: Bool { ["converged", "steps", "stalled"].contains(end) }

    init(_ relaxation: Relaxation) {
        structure = relaxation.final
        end = relaxation.end.name
        energyPerAtom = relaxation.finalEnergyPerAtom
        steps = relaxation.steps
        displacement = relaxation.displacement
        volumeRatio = relaxation.volumeRatio
    }

    /// As another process tells it; nil for a measurement that is none of a relaxation.
    package init?(_ measurement: Measurement) {
        guard let atoms = measurement.relaxedAtoms, let energy = measurement[.energyPerAtom],
            let steps = measurement[.relaxationSteps].flatMap({ Int(exactly: $0) }),
            let displacement = measurement[.relaxationDisplacement],
            let volumeRatio = measurement[.relaxationVolumeRatio]
        else { return nil }
        (structure, end) = (atoms.structure, atoms.end)
        energyPerAtom = energy
        self.steps = steps
        self.displacement = displacement
        self.volumeRatio = volumeRatio
    }

    /// As it is told to another process.
    var measurement: Measurement {
        Measurement(
            [
                .energyPerAtom: energyPerAtom, .relaxationSteps: Double(steps),
                .relaxationDisplacement: displacement, .relaxationVolumeRatio: volumeRatio,
            ], relaxedAtoms: RelaxedAtoms(structure: structure, end: end))
    }
}

/// Energies and relaxations by an evaluator at hand. Thread rule: one owner, as for its evaluator.
package final class StructureExaminer: ExaminationEngine {
    private let evaluator: any PotentialEvaluator

    package init(evaluator: any PotentialEvaluator) { self.evaluator = evaluator }

    package func energyPerAtom(of structure: Structure) throws(Rejection) -> Double {
        guard let answer = evaluator.evaluate([structure], .energy).first else {
            throw .failed(.engine("the potential gave no answer"))
        }
        do throws(PotentialError) { return try answer.get().energyPerAtom } catch { throw Rejection(error) }
    }

    package func relax(_ input: RelaxationInput, _ settings: RelaxationSettings) throws(Rejection) -> RelaxedForm {
        // invariant: a result for each input.
        do throws(RelaxationError) {
            return RelaxedForm(try settings.relax([input], with: evaluator)[0].get())
        } catch { throw Rejection(error) }
    }
}

/// What measures the crystals of an evaluation, one at a time on a thread: an evaluator here, or others elsewhere.
package protocol ExaminationEngine: AnyObject {
    /// eV/atom, as the potential gives it.
    func energyPerAtom(of structure: Structure) throws(Rejection) -> Double
    /// Where the relaxation of a structure or crystal ends.
    func relax(_ input: RelaxationInput, _ settings: RelaxationSettings) throws(Rejection) -> RelaxedForm
}

/// Measures the items of evaluations; what a reward worker does for one.
final class ExaminationMeasurer: CrystalMeasurer {
    private let examination: Examination
    private let examiner: StructureExaminer

    init(_ examination: Examination, evaluator: any PotentialEvaluator) {
        self.examination = examination
        examiner = StructureExaminer(evaluator: evaluator)
    }

    func measure(_ items: [WorkItem]) -> [MeasuringResult] {
        let clock = ContinuousClock()
        return items.map { item in
            let start = clock.now
            var outcome: Outcome
            do throws(Rejection) { outcome = .measured(try measure(item)) } catch { outcome = error.outcome }
            return MeasuringResult(outcome: outcome, seconds: (clock.now - start) / .seconds(1))
        }
    }

    private func measure(_ item: WorkItem) throws(Rejection) -> Measurement {
        if let settings = examination.relaxation {
            switch item.form {
            case .crystal(let crystal, _): return try examiner.relax(.crystal(crystal), settings).measurement
            case .atoms(let structure): return try examiner.relax(.structure(structure), settings).measurement
            }
        }
        guard case .atoms(let structure) = item.form else {
            throw .failed(.engine("an evaluation asks for energies of atoms"))
        }
        return Measurement([.energyPerAtom: try examiner.energyPerAtom(of: structure)])
    }
}
