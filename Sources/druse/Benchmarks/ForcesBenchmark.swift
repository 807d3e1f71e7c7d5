import Base
import Crystals
import Engines
import Foundation
import Potentials

/// What energies, and forces and stress besides, cost: on crystals as the base policy draws them, whose atoms are few
/// by symmetry, and on the same with every atom moved, where nothing can be merged.
struct ForcesBenchmark {
    /// What is asked for in a round.
    enum Wanted: String, CaseIterable {
        case energy
        case forces

        var properties: PotentialProperties { self == .energy ? .energy : [.energy, .forces, .stress] }
    }

    private let potential: any InteratomicPotential
    private let threads: Int

    init(threads: Int) throws {
        potential = try PotentialSource.load("chgnet")
        self.threads = threads
    }

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any PotentialEvaluator
    }

    /// Structures that have an energy, as drawn and with their symmetry broken.
    func structures(_ crystals: [Crystal]) -> [(shape: String, structures: [Structure])] {
        let evaluator = potential.makeEvaluator()
        let drawn = crystals.compactMap { try? $0.structure(cell: .primitive) }.filter { structure in
            evaluator.evaluate([structure], .energy).allSatisfy { (try? $0.get()) != nil }
        }
        return [("base policy's crystals", drawn), ("the same, each atom moved", drawn.map(Self.moved))]
    }

    /// The structure with each atom moved by about 0.02 Å.
    private static func moved(_ structure: Structure) -> Structure {
        var moved = structure
        var generator = Philox(seed: UInt64(structure.atomCount), domain: .toolSampling)
        for atom in moved.fractionalCoordinates.indices {
            let shift = SIMD3(generator.uniform(), generator.uniform(), generator.uniform()) - 0.5
            moved.fractionalCoordinates[atom] += structure.cell.fractional(0.04 * shift)
        }
        return moved
    }

    /// Evaluates all structures again and again; gives structures, seconds and processor time of all threads.
    func run(
        _ structures: [Structure], _ wanted: Wanted, minimumSeconds: Double
    ) -> (count: Int, seconds: Double, cpuSeconds: Double) {
        let team = ThreadTeam(threadCount: threads)
        let evaluators = (0..<threads).map { _ in Owned(evaluator: potential.makeEvaluator()) }
        func round() {
            team.forEach(structures.count) { index, thread in
                _ = evaluators[thread].evaluator.evaluate([structures[index]], wanted.properties)
            }
        }
        round()
        let (start, cpu) = (ContinuousClock.now, ProcessClock.seconds)
        var count = 0
        var seconds = 0.0
        repeat {
            round()
            count += structures.count
            seconds = (ContinuousClock.now - start) / .seconds(1)
        } while seconds < minimumSeconds
        return (count, seconds, ProcessClock.seconds - cpu)
    }
}

extension Benchmarks {
    /// A record for each kind of structures and for what is asked of the potential.
    func forces(_ crystals: [Crystal], threads: Int) throws -> [BenchmarkRecord] {
        let benchmark = try ForcesBenchmark(threads: threads)
        return benchmark.structures(crystals).flatMap { shape, structures in
            ForcesBenchmark.Wanted.allCases.map { wanted in
                let result = benchmark.run(structures, wanted, minimumSeconds: minimumSeconds)
                var record = BenchmarkRecord(
                    benchmark: "forces", shape: "\(shape), \(wanted == .energy ? "energy" : "energy, forces, stress")",
                    threads: threads, crystals: result.count, seconds: result.seconds)
                record.cpuSeconds = result.cpuSeconds
                record.atomsPerCrystal =
                    Double(structures.reduce(0) { $0 + $1.atomCount }) / Double(max(1, structures.count))
                return record
            }
        }
    }
}
