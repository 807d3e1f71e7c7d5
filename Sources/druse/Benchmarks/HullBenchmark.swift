import Base
import Crystals
import Stability

/// Heights above the embedded hull: the first query in each chemical system, and the same ones again.
struct HullBenchmark {
    /// Compounds of three elements and more, evenly spread over the hull; `Scripts/bench-hull-pymatgen` takes the same.
    static let queryCount = 400
    static let elementCount = 3

    private let queries: [(composition: Composition, energyPerAtom: Double)]

    init() throws {
        queries = try HullReference.embedded().entries(ofAtLeast: Self.elementCount, spread: Self.queryCount)
            .map { ($0.composition, $0.energyPerAtom + 0.05) }
    }

    /// By processor time of one thread; "first" opens the hull anew each time, without counting that.
    func run(_ benchmarks: Benchmarks) throws -> [BenchmarkRecord] {
        var (first, firstSeconds) = (0, 0.0)
        repeat {
            firstSeconds += try time(HullReference.embedded())
            first += 1
        } while firstSeconds < benchmarks.minimumSeconds
        let hull = try HullReference.embedded()
        _ = try time(hull)
        var (cached, cachedSeconds) = (0, 0.0)
        repeat {
            cachedSeconds += try time(hull)
            cached += 1
        } while cachedSeconds < benchmarks.minimumSeconds
        let whereMeasured = "pymatgen 2026.10.24, the same queries, processor time on such a core"
        return [
            record("first", first, firstSeconds, .init(Self.pymatgenFirst, whereMeasured)),
            record("cached", cached, cachedSeconds, .init(Self.pymatgenCached, whereMeasured)),
        ]
    }

    /// What `Scripts/bench-hull-pymatgen` measured, queries/s.
    private static let pymatgenFirst = 200.0
    private static let pymatgenCached = 12_500.0

    private func record(
        _ shape: String, _ calls: Int, _ seconds: Double, _ reference: BenchmarkRecord.Reference
    ) -> BenchmarkRecord {
        var record = BenchmarkRecord(
            benchmark: "hull", shape: "\(shape) query of a chemical system", threads: 1,
            crystals: calls * queries.count, seconds: seconds)
        record.reference = [reference]
        return record
    }

    /// Seconds for all queries.
    private func time(_ hull: HullReference) throws -> Double {
        let start = ThreadClock.seconds
        for query in queries {
            _ = try hull.energyAboveHull(of: query.composition, energyPerAtom: query.energyPerAtom)
        }
        return ThreadClock.seconds - start
    }
}
