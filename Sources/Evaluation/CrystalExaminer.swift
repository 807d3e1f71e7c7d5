internal import Base
internal import Crystals
internal import Engines
internal import Foundation
internal import Matching
internal import Policy
package import Potentials
package import Rewards
internal import Stability
internal import Trajectories

/// What is done with every crystal of an evaluation.
package struct ExaminationSettings: Sendable {
    package var limits = ValidityLimits()
    /// Nil: crystals are judged as they are alone.
    package var relaxation: RelaxationSettings?
    /// The standard deviation of a displacement of every coordinate before the relaxation, Å, so that symmetric
    /// crystals leave their saddle points; 0: none.
    package var rattle = 0.0
    /// Of the displacements.
    package var seed: UInt64 = 1

    package init() {}

    /// How crystals are relaxed: displaced ones without their symmetry.
    package var relaxationInEffect: RelaxationSettings? {
        var relaxation = relaxation
        if rattle > 0 { relaxation?.keepsSymmetry = false }
        return relaxation
    }
}

/// Examines crystals one by one: validity, composition, energy, height above the hull, relaxation. Thread rule: one
/// owner, as for its evaluator.
final class CrystalExaminer {
    /// A system with fewer entries than this has a hull that says little.
    static let fewEntries = 12
    /// How far atoms of a relaxed structure may be from symmetric positions, Å.
    private static let relaxedSymmetryTolerance = 0.1

    private let engine: any ExaminationEngine
    private let hull: HullReference
    private let alignment: EnergyAlignment
    private let settings: ExaminationSettings
    private let composition = CompositionValidity()

    /// - Parameter alignment: how the engine's energies stand to those of the hull.
    init(
        engine: any ExaminationEngine, hull: HullReference, alignment: EnergyAlignment,
        settings: ExaminationSettings
    ) {
        self.engine = engine
        self.hull = hull
        self.alignment = alignment
        self.settings = settings
    }

    /// An examined crystal, with the structure of its last form for a second judge.
    struct Examined: Sendable {
        var crystal: EvaluatedCrystal
        var last: Structure?
        /// With its sites, as sampled and relaxed; nil where no sites are known.
        var sampledSites: Crystal?
        var relaxedSites: Crystal?
    }

    /// - Parameter number: of the crystal in the evaluation, for its displacements.
    func examine(_ subject: EvaluationSubject, number: Int) -> Examined {
        var examined = Examined(crystal: EvaluatedCrystal(id: subject.id))
        do throws(Rejection) {
            try examine(subject, number: number, into: &examined)
        } catch {
            switch error {
            case .invalid(let reason): examined.crystal.invalid = reason.rawValue
            case .failed(let failure): examined.crystal.failure = "\(failure)"
            }
        }
        return examined
    }

    /// A crystal that an earlier life has examined, as far as its line tells.
    func examined(_ line: EvaluatedCrystal, of subject: EvaluationSubject) -> Examined {
        var examined = Examined(crystal: line)
        examined.crystal.isPending = nil
        guard line.invalid == nil else { return examined }
        examined.sampledSites = subject.crystal
        if let relaxed = line.relaxed?.state.structure.structure {
            examined.last = relaxed
            examined.relaxedSites = try? Crystal(
                structure: relaxed, symmetryTolerance: Self.relaxedSymmetryTolerance)
        } else {
            examined.last = try? structure(of: subject)
        }
        return examined
    }

    private func examine(
        _ subject: EvaluationSubject, number: Int, into examined: inout Examined
    ) throws(Rejection) {
        switch subject.form {
        case .unreadable(let reason):
            examined.crystal.invalid = "unreadable: \(reason)"
            return
        case .drawn(let sample):
            describe(sample.crystal.composition, sample.crystal.spaceGroup.number, &examined.crystal)
        case .crystal(let crystal): describe(crystal.composition, crystal.spaceGroup.number, &examined.crystal)
        case .structure(let structure):
            let found = try? Crystal(structure: structure, symmetryTolerance: 0.01)
            describe(structure.composition, found?.spaceGroup.number, &examined.crystal)
        }
        // Whatever has atoms in a cell is compared with others and written, valid or not.
        if let any = Self.anyStructure(of: subject) {
            examined.crystal.atoms = any.atomCount
            let stored = StoredStructure(any)
            if stored.isFinite { examined.crystal.asSampled = .init(structure: stored) }
        }
        if case .drawn(let sample) = subject.form, !sample.isTerminated { throw .invalid(.unterminated) }
        let structure = try structure(of: subject)
        examined.last = structure
        examined.sampledSites = subject.crystal
        let hullEnergy = try hullEnergy(of: structure.composition)
        let energy = try engine.energyPerAtom(of: structure)
        examined.crystal.asSampled?.energyPerAtom = energy
        examined.crystal.asSampled?.energyAboveHull = energy + correction(of: structure) - hullEnergy
        guard let settings = settings.relaxationInEffect else { return }
        let relaxation = try relax(subject, structure, number, settings)
        examined.last = relaxation.structure
        var state = EvaluatedCrystal.State(structure: StoredStructure(relaxation.structure))
        if relaxation.isCrystal {
            state.energyPerAtom = relaxation.energyPerAtom
            state.energyAboveHull =
                relaxation.energyPerAtom + correction(of: relaxation.structure) - hullEnergy
        }
        let found = try? Crystal(
            structure: relaxation.structure, symmetryTolerance: Self.relaxedSymmetryTolerance)
        examined.crystal.relaxed = EvaluatedCrystal.Relaxed(
            state: state, steps: relaxation.steps, stopped: relaxation.end,
            displacement: relaxation.displacement, volumeRatio: relaxation.volumeRatio,
            spaceGroup: found?.spaceGroup.number)
        examined.relaxedSites = found
    }

    private func describe(_ composition: Composition, _ group: Int?, _ crystal: inout EvaluatedCrystal) {
        crystal.spaceGroup = group
        crystal.formula = composition.reducedFormula
        crystal.elements = composition.amounts.keys.map(\.symbol).sorted()
        crystal.composition = self.composition.verdict(of: composition).rawValue
        crystal.hullEntries = hull.entryCount(within: composition.amounts.keys)
    }

    /// The atoms in a primitive cell, whether the limits allow them or not; nil where they cannot be placed, or are too
    /// many to be compared.
    private static func anyStructure(of subject: EvaluationSubject) -> Structure? {
        switch subject.form {
        case .structure(let structure): return structure.atomCount > 0 ? structure : nil
        case .drawn, .crystal:
            guard let crystal = subject.crystal, crystal.atomCount <= ReducedStructure.largestAtomCount else {
                return nil
            }
            return try? crystal.structure(cell: .primitive)
        case .unreadable: return nil
        }
    }

    private func structure(of subject: EvaluationSubject) throws(Rejection) -> Structure {
        if let crystal = subject.crystal { return try settings.limits.structure(of: crystal) }
        guard case .structure(let structure) = subject.form, structure.atomCount > 0 else { throw .invalid(.noAtoms) }
        try settings.limits.check(structure)
        return structure
    }

    private func hullEnergy(of composition: Composition) throws(Rejection) -> Double {
        do throws(HullError) {
            return try hull.phaseDiagram(of: composition.amounts.keys).hullEnergyPerAtom(of: composition)
        } catch { throw Rejection(error) }
    }

    /// eV/atom
    private func correction(of structure: Structure) -> Double { alignment.correctionPerAtom(of: structure) ?? 0 }

    private func relax(
        _ subject: EvaluationSubject, _ structure: Structure, _ number: Int, _ settings: RelaxationSettings
    ) throws(Rejection) -> RelaxedForm {
        if self.settings.rattle > 0 { return try engine.relax(.structure(rattled(structure, number)), settings) }
        guard let crystal = subject.crystal else { return try engine.relax(.structure(structure), settings) }
        return try engine.relax(.crystal(crystal), settings)
    }

    /// The structure with every coordinate displaced, by numbers of its own.
    private func rattled(_ structure: Structure, _ number: Int) -> Structure {
        var generator = Philox(
            seed: settings.seed, domain: .displacement, stream: (0, UInt32(truncatingIfNeeded: number), 0))
        let positions = structure.fractionalCoordinates.map { position in
            let shift = SIMD3(
                generator.normal() * settings.rattle, generator.normal() * settings.rattle,
                generator.normal() * settings.rattle)
            return position + structure.cell.fractional(shift)
        }
        return Structure(cell: structure.cell, elements: structure.elements, fractionalCoordinates: positions)
    }
}
