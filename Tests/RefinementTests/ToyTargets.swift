import Base
import Crystals
import Refinement

/// A log-probability that a test states.
final class ToyDensity: CrystalDensity {
    private let value: (Crystal) -> Double

    init(_ value: @escaping (Crystal) -> Double) { self.value = value }

    func logProbabilities(of crystals: [Crystal]) -> [Double] { crystals.map(value) }
}

/// An energy that a test states; it counts what it is asked.
final class ToyEnergy: CrystalEnergy {
    let lowest: Double
    private(set) var asked = 0
    private let value: (Crystal) -> Double?

    init(lowest: Double = -.infinity, _ value: @escaping (Crystal) -> Double?) {
        self.lowest = lowest
        self.value = value
    }

    func energies(of crystals: [Crystal]) -> [Double?] {
        asked += crystals.count
        return crystals.map(value)
    }
}

extension Refinement {
    /// Walks copies of one crystal on a toy target.
    static func walk(
        _ crystal: Crystal, copies: Int, _ settings: RefinementSettings, threads: Int = 2,
        logProbability: @escaping (Crystal) -> Double, energy: @escaping (Crystal) -> Double? = { _ in 0 }
    ) throws -> [Refined] {
        let refinement = Refinement(settings: settings, threads: threads) {
            WalkTarget(density: ToyDensity(logProbability), energy: ToyEnergy(energy))
        }
        return try refinement.refine(Array(repeating: crystal, count: copies)).map { try $0.get() }
    }
}

/// Crystals of the tests.
enum ToyCrystals {
    static func crystal(
        _ group: Int, _ sites: [(wyckoff: Int, element: Int, position: SIMD3<Double>)],
        lattice: LatticeParameters = LatticeParameters(a: 6, b: 6, c: 6, alpha: 90, beta: 90, gamma: 90)
    ) throws -> Crystal {
        guard let group = SpaceGroup(number: group) else { throw CrystalError.noAtoms }
        let sites = try sites.map { site in
            guard let element = Element(atomicNumber: site.element) else { throw CrystalError.noAtoms }
            return Crystal.Site(wyckoff: site.wyckoff, element: element, position: site.position)
        }
        return Crystal(spaceGroup: group, sites: sites, lattice: lattice)
    }

    /// Rock salt: two sites without free coordinates.
    static func rockSalt(_ first: Int = 3, _ second: Int = 3) throws -> Crystal {
        try crystal(225, [(1, first, .zero), (2, second, SIMD3(repeating: 0.5))])
    }
}
