import Base
import Crystals
import Potentials
import StructureFiles

/// Relaxes inputs under a potential.
struct StructureRelaxation {
    /// How many entries to give at a time: many, since the threads wait for the last of them. Each is handed on when
    /// it and those before it are done.
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

    /// Calls `body` with what becomes of each entry, in their order, as soon as it and all before it are relaxed; on
    /// the calling thread, while others relax the next.
    ///
    /// - Throws: what `body` throws; no further entry is begun then.
    func relax(_ entries: [StructureEntry], _ body: (ToolAnswer<Relaxed>) throws -> Void) rethrows {
        let inputs = entries.map { entry in Result { try entry.input.get() }.map(Self.relaxationInput) }
        var results = OrderedRelaxations(of: inputs.compactMap { try? $0.get() }, by: relaxer, threads: threads)
        defer { results.end() }
        for (entry, input) in zip(entries, inputs) {
            let result = Result {
                let input = try input.get()
                guard let answer = results.next() else { throw ToolFailure("the relaxation gave no answer") }
                do throws(RelaxationError) { return Self.relaxed(try answer.get()) } catch {
                    throw ToolFailure(Self.description(error, input))
                }
            }
            try body(ToolAnswer(id: entry.id, result: result.mapError { ToolFailure($0) }))
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

/// Relaxations that threads of their own make, taken in the order of the inputs.
private struct OrderedRelaxations {
    private let done: Mailbox<(index: Int, result: Result<Relaxation, RelaxationError>)>
    private let thread: RoleThread
    /// Those that wait for one before them.
    private var early: [Int: Result<Relaxation, RelaxationError>] = [:]
    private var index = 0

    /// Starts them.
    init(of inputs: [RelaxationInput], by relaxer: Relaxer, threads: Int) {
        let done = Mailbox<(index: Int, result: Result<Relaxation, RelaxationError>)>(capacity: inputs.count)
        self.done = done
        thread = RoleThread(name: "relaxations") {
            // A crystal's primitive cell is enough to evaluate, and few structures at a time leave no thread without
            // work.
            relaxer.relax(inputs, batchSize: 1, threads: threads) { done.post((index: $0, result: $1)) == .posted }
            done.close()
        }
    }

    /// The result of the next input; nil behind the last.
    mutating func next() -> Result<Relaxation, RelaxationError>? {
        while true {
            if let result = early.removeValue(forKey: index) {
                index += 1
                return result
            }
            if let other = done.receive(timeout: .seconds(60)) {
                early[other.index] = other.result
            } else if done.isExhausted {
                return nil
            }
        }
    }

    /// Begins no further input, and waits for those that are under way.
    func end() {
        done.close()
        thread.join()
    }
}
