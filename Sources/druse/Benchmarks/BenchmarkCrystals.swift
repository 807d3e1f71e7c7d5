import Crystals
import Trajectories

/// Crystals of the usual size for what only carries them: two to six sites, as a policy's crystals have, with letters
/// that their space groups know and nothing else that would make them crystals.
enum BenchmarkCrystals {
    static func make(_ count: Int, seed: UInt64) -> [Crystal] {
        var generator = SplitMix(seed: seed)
        let groups = [2, 12, 14, 62, 63, 139, 166, 194, 221, 225].compactMap { SpaceGroup(number: $0) }
        let elements = [3, 8, 11, 12, 14, 16, 17, 20, 22, 26, 29, 38, 56, 57].compactMap { Element(atomicNumber: $0) }
        return (0..<count).compactMap { _ in
            guard let group = groups.randomElement(using: &generator) else { return nil }
            let sites = (0..<Int.random(in: 2...6, using: &generator)).compactMap { _ -> Crystal.Site? in
                guard let element = elements.randomElement(using: &generator) else { return nil }
                return Crystal.Site(
                    wyckoff: Int.random(in: 1...group.wyckoffPositions.count, using: &generator), element: element,
                    position: SIMD3(
                        Double.random(in: 0..<1, using: &generator), Double.random(in: 0..<1, using: &generator),
                        Double.random(in: 0..<1, using: &generator)))
            }
            let length = Double.random(in: 3...12, using: &generator)
            return Crystal(
                spaceGroup: group, sites: sites,
                lattice: LatticeParameters(a: length, b: length, c: length + 1, alpha: 90, beta: 90, gamma: 120))
        }
    }

    /// The crystals of a unit, taken from a table by their numbers.
    static func sampled(_ unit: WorkUnit, from table: [Crystal], crystalsPerUnit: Int) -> [SampledCrystal] {
        unit.crystalIDs.map { id in
            SampledCrystal(
                id: id, crystal: table[(unit.unit * crystalsPerUnit + id.index) % table.count], isTerminated: true,
                logProbability: LogProbabilities(w: -1, a: -2, xyz: -3, l: -4),
                referenceLogProbability: LogProbabilities(w: -1, a: -2, xyz: -3, l: -4))
        }
    }

    /// What a worker says of each of its items.
    static func results(of items: [WorkItem], seconds: Double) -> [MeasuringResult] {
        let measurement = Measurement(energyPerAtom: -3, energyAboveHull: 0.1)
        return items.map { _ in MeasuringResult(outcome: .measured(measurement), seconds: seconds) }
    }
}
