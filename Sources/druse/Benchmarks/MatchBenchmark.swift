import Base
import Crystals
import Foundation
import Matching

extension Benchmarks {
    /// What structure matching costs: pairs that match, and samples made unique and looked up among all known crystals.
    ///
    /// - Parameter samples: as the base policy draws them.
    func match(_ samples: [Crystal], threads: Int) throws -> [BenchmarkRecord] {
        let structures = samples.compactMap { try? $0.structure(cell: .primitive) }
        return [pairs(structures, threads: threads), try novelty(structures, threads: threads)]
    }

    /// Each structure with itself, the atoms moved a little, in other vectors: both are reduced, as they would be where
    /// a pair is compared once.
    private func pairs(_ structures: [Structure], threads: Int) -> BenchmarkRecord {
        let pairs = structures.prefix(1_000).map { ($0, Self.redescribed($0)) }
        let team = ThreadTeam(threadCount: threads)
        let matcher = StructureMatcher()
        let (calls, seconds) = measure {
            team.forEach(pairs.count) { index, _ in _ = try? matcher.fit(pairs[index].0, pairs[index].1) }
        }
        var record = BenchmarkRecord(
            benchmark: "match", shape: "pairs: base policy's crystals, and the same, each atom moved",
            threads: threads, crystals: calls * pairs.count, seconds: seconds)
        record.atomsPerCrystal =
            Double(pairs.reduce(0) { $0 + $1.0.atomCount }) / Double(max(1, pairs.count))
        record.reference = [Self.pymatgenRate]
        return record
    }

    /// What an evaluation asks: which of the samples are new among themselves and among the known crystals.
    private func novelty(_ structures: [Structure], threads: Int) throws -> BenchmarkRecord {
        let team = ThreadTeam(threadCount: threads)
        let (start, cpu) = (ContinuousClock.now, ProcessClock.seconds)
        let known = try KnownCrystals.embedded()
        let reduced = ReducedStructure.reduce(structures, team: team).map { try? $0.get() }
        let unique = UniqueStructures(reduced, team: team)
        let matches = try known.firstMatches(of: reduced, team: team)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        var record = BenchmarkRecord(
            benchmark: "match", shape: "samples made unique, looked up among \(known.count) known crystals",
            threads: threads, crystals: structures.count, seconds: seconds)
        record.cpuSeconds = ProcessClock.seconds - cpu
        record.uniqueCrystals = unique.uniqueIndices.count
        record.knownCrystals = matches.count { $0 != nil }
        return record
    }

    /// The structure with each atom moved by about 0.03 Å, in other vectors.
    private static func redescribed(_ structure: Structure) -> Structure {
        var result = structure
        var generator = Philox(seed: UInt64(structure.atomCount), domain: .toolSampling)
        let cell = structure.cell
        result.cell = Cell(a: cell.b, b: cell.c, c: cell.a + cell.b)
        for atom in result.fractionalCoordinates.indices {
            let shift = SIMD3(generator.uniform(), generator.uniform(), generator.uniform()) - 0.5
            let x = structure.fractionalCoordinates[atom] + cell.fractional(0.06 * shift)
            // a = c' - a', b = a', c = b'.
            result.fractionalCoordinates[atom] = SIMD3(x.y - x.x, x.z, x.x)
        }
        return result
    }

    /// Measured by hand on such pairs, both structures reduced anew, by processor time.
    private static let pymatgenRate = BenchmarkRecord.Reference(
        187, "pymatgen-core 2026.10.16, StructureMatcher().fit, one thread of a processor of this kind")
}
