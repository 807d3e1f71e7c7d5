import Base
import Crystals
import Potentials
import StructureFiles

/// Relaxes inputs under a potential.
struct StructureRelaxation {
    /// How many entries to give at a time: many, since the threads wait for the last of them.
    static let batchSize = 256

    private let relaxer: Relaxer
    private let threads: Int

    /// A structure before and after.
    struct Relaxed: Sendable {
        let composition: Composition
        /// In the cell that is written.
        let atomCount: Int
        let relaxation: Relaxation
        /// The relaxed structure in the form of the input: a crystal with its sites, or the atoms in their order.
        let output: StructureInput

        /// The energy of that cell, eV.
        var energy: Double { relaxation.finalEnergyPerAtom * Double(atomCount) }
    }

    /// - Throws: ``ToolFailure`` if the potential gives no forces.
    init(potential: any InteratomicPotential, settings: RelaxationSettings, threads: Int) throws(ToolFailure) {
        do throws(RelaxationError) {
            relaxer = try Relaxer(potential: potential, settings: settings)
        } catch {
            throw ToolFailure(error)
        }
        self.threads = threads
    }

    /// What becomes of each entry, in their order.
    func relax(_ entries: [StructureEntry]) -> [ToolAnswer<Relaxed>] {
        let inputs = entries.map { entry in Result { try entry.input.get() }.map(Self.relaxationInput) }
        // A crystal's primitive cell is enough to evaluate, and few structures at a time leave no thread without work.
        var answers = relaxer.relax(inputs.compactMap { try? $0.get() }, batchSize: 1, threads: threads)[...]
        return zip(entries, inputs).map { entry, input in
            let result = Result {
                let input = try input.get()
                guard let answer = answers.popFirst() else { throw ToolFailure("the relaxation gave no answer") }
                do throws(RelaxationError) { return Self.relaxed(try answer.get()) } catch {
                    throw ToolFailure(Self.description(error, input))
                }
            }
            return ToolAnswer(id: entry.id, result: result.mapError { ToolFailure($0) })
        }
    }

    private static func relaxationInput(_ input: StructureInput) -> RelaxationInput {
        switch input {
        case .structure(let structure): .structure(structure)
        case .crystal(let crystal): .crystal(crystal)
        }
    }

    private static func relaxed(_ relaxation: Relaxation) -> Relaxed {
        let output = relaxation.finalCrystal.map(StructureInput.crystal) ?? .structure(relaxation.final)
        return Relaxed(
            composition: relaxation.finalCrystal?.composition ?? relaxation.final.composition,
            atomCount: relaxation.finalCrystal?.atomCount ?? relaxation.final.atomCount, relaxation: relaxation,
            output: output)
    }

    private static func description(_ error: RelaxationError, _ input: RelaxationInput) -> String {
        switch input {
        case .structure(let structure): return error.description(for: structure)
        case .crystal(let crystal):
            guard let structure = try? crystal.structure(cell: .primitive) else { return "\(error)" }
            return error.description(for: structure)
        }
    }
}
