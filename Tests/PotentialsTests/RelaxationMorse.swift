import Crystals
import Foundation
import Potentials

/// A pair potential with exact forces and stress: Morse's curve between any two atoms, brought to zero at the cutoff.
struct RelaxationMorse: InteratomicPotential {
    /// eV
    var depth = 0.4
    /// 1/Å
    var steepness = 1.4
    /// Å; between atoms of one element, and of two.
    var alike = 2.9
    var unlike = 2.5
    /// Å
    var cutoff = 6.0
    /// Å; the potential refuses structures with atoms nearer than this.
    var nearest = 0.0
    /// Whether only the repelling or only the attracting part is there.
    var part = Part.whole
    var properties: PotentialProperties = [.energy, .forces, .stress]

    enum Part { case whole, repulsion, attraction }

    var name: String { "morse" }
    var digest: String { "morse" }
    var energyConvention: EnergyConvention { .ownHullOnly }
    func knows(_ element: Element) -> Bool { true }
    func makeEvaluator() -> any PotentialEvaluator { Evaluator(potential: self) }

    /// eV and eV/Å.
    func pair(_ r: Double, _ unit: Double) -> (energy: Double, derivative: Double) {
        let x = exp(-steepness * (r - unit))
        let (repulsion, attraction) = (part == .attraction ? 0.0 : 1, part == .repulsion ? 0.0 : 2)
        let energy = depth * (repulsion * x * x - attraction * x)
        let derivative = depth * steepness * (-2 * repulsion * x * x + attraction * x)
        // (1 - (r/c)²)³
        let u = 1 - r * r / (cutoff * cutoff)
        return (energy * u * u * u, derivative * u * u * u - energy * 6 * u * u * r / (cutoff * cutoff))
    }

    private final class Evaluator: PotentialEvaluator {
        private let potential: RelaxationMorse

        init(potential: RelaxationMorse) { self.potential = potential }

        func evaluate(
            _ structures: [Structure], _ properties: PotentialProperties
        ) -> [Result<PotentialEvaluation, PotentialError>] {
            structures.map { structure in
                Result { () throws(PotentialError) in try evaluate(structure) }
            }
        }

        private func evaluate(_ structure: Structure) throws(PotentialError) -> PotentialEvaluation {
            let neighbors = try NeighborList(of: structure, cutoff: potential.cutoff, maximumEdges: 100_000)
            var energy = 0.0
            var forces = [SIMD3<Double>](repeating: .zero, count: structure.atomCount)
            var virial = [SIMD3<Double>](repeating: .zero, count: 3)
            for bond in 0..<neighbors.bondCount {
                let (i, j, r) = (neighbors.first[bond], neighbors.second[bond], neighbors.lengths[bond])
                guard r > 1e-8, r >= potential.nearest else { throw .coincidentAtoms(i, j) }
                let isAlike = structure.elements[i] == structure.elements[j]
                let pair = potential.pair(r, isAlike ? potential.alike : potential.unlike)
                energy += pair.energy
                let pull = pair.derivative / r * neighbors.vectors[bond]
                forces[i] += pull
                forces[j] -= pull
                for axis in 0..<3 { virial[axis] += pull[axis] * neighbors.vectors[bond] }
            }
            guard energy.isFinite else { throw .notFinite(potential: potential.name) }
            return PotentialEvaluation(
                energyPerAtom: energy / Double(structure.atomCount), forces: forces,
                stress: Stress(rows: virial.map { $0 / structure.cell.volume }))
        }
    }
}

/// Random crystals, from a seed.
struct RelaxationCrystals: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func uniform(_ range: ClosedRange<Double>) -> Double { Double.random(in: range, using: &self) }

    mutating func point() -> SIMD3<Double> { SIMD3(uniform(0...1), uniform(0...1), uniform(0...1)) }

    /// A crystal of two elements on some Wyckoff positions, with about a volume per atom (Å³).
    mutating func crystal(
        group number: Int, elements: [Element], volumePerAtom: Double, mostAtoms: Int = 24
    ) -> Crystal? {
        guard let group = SpaceGroup(number: number) else { return nil }
        var sites: [Crystal.Site] = []
        var atoms = 0
        let primitive = group.centring.translations.count
        for _ in 0..<40 where sites.count < 3 {
            guard let position = group.wyckoffPositions.randomElement(using: &self),
                let element = elements.randomElement(using: &self),
                atoms + position.multiplicity / primitive <= mostAtoms,
                !(position.hasNoFreeCoordinate && sites.contains { $0.wyckoff == position.index })
            else { continue }
            atoms += position.multiplicity / primitive
            sites.append(Crystal.Site(wyckoff: position.index, element: element, position: position.project(point())))
        }
        guard !sites.isEmpty else { return nil }
        let raw = group.symmetrize(
            LatticeParameters(
                a: uniform(0.8...1.2), b: uniform(0.8...1.2), c: uniform(0.8...1.2), alpha: uniform(80...100),
                beta: uniform(80...100), gamma: uniform(80...100)))
        guard let cell = try? raw.cell() else { return nil }
        let size = cbrt(volumePerAtom * Double(atoms * primitive) / cell.volume)
        var lattice = raw
        (lattice.a, lattice.b, lattice.c) = (size * raw.a, size * raw.b, size * raw.c)
        return Crystal(spaceGroup: group, sites: Crystal.sorted(sites), lattice: lattice)
    }

    /// A cell without symmetry.
    mutating func structure(_ elements: [Element], volumePerAtom: Double) -> Structure {
        let size = cbrt(volumePerAtom * Double(elements.count))
        var vectors = [SIMD3(size, 0, 0), SIMD3(0, size, 0), SIMD3(0, 0, size)]
        for index in 0..<3 { vectors[index] += (0.3 * size) * (point() - 0.5) }
        return Structure(
            cell: Cell(a: vectors[0], b: vectors[1], c: vectors[2]), elements: elements,
            fractionalCoordinates: elements.map { _ in point() })
    }
}
