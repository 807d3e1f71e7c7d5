import Base
import Crystals
import Engines
import Potentials

extension Benchmarks {
    /// Relaxations of crystals as the base policy draws them, to 0.05 eV/Å; all of them once.
    func relax(_ crystals: [Crystal], threads: Int) throws -> BenchmarkRecord {
        let relaxer = try Relaxer(potential: try PotentialSource.load("chgnet"), settings: RelaxationSettings())
        let (start, cpu) = (ContinuousClock.now, ProcessClock.seconds)
        let results = relaxer.relax(crystals.map(RelaxationInput.crystal), batchSize: 1, threads: threads)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let relaxations = results.compactMap { try? $0.get() }
        var record = BenchmarkRecord(
            benchmark: "relax", shape: "base policy's crystals", threads: threads, crystals: relaxations.count,
            seconds: seconds)
        record.cpuSeconds = ProcessClock.seconds - cpu
        let count = Double(max(1, relaxations.count))
        record.atomsPerCrystal = Double(relaxations.reduce(0) { $0 + $1.initial.atomCount }) / count
        record.relaxationSteps = Double(relaxations.reduce(0) { $0 + $1.steps }) / count
        record.convergedShare = Double(relaxations.count { $0.end == .converged }) / count
        return record
    }
}
