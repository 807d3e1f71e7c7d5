/// What can be asked of a potential.
package struct PotentialProperties: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The energy, which every evaluation has.
    package static let energy = PotentialProperties(rawValue: 1 << 0)
    /// The forces on the atoms.
    package static let forces = PotentialProperties(rawValue: 1 << 1)
    /// The stress of the cell.
    package static let stress = PotentialProperties(rawValue: 1 << 2)
    /// The magnetic moment of each atom.
    package static let magneticMoments = PotentialProperties(rawValue: 1 << 3)
    /// The energy of each atom.
    package static let siteEnergies = PotentialProperties(rawValue: 1 << 4)

    /// Whether derivatives of the energy are asked for.
    var needsGradient: Bool { !isDisjoint(with: [.forces, .stress]) }
}

/// What a potential says about a structure: the energy, and of the rest what was asked for.
package struct PotentialEvaluation: Sendable, Hashable {
    /// eV/atom, on the scale of the potential's training data; finite.
    package var energyPerAtom: Double
    /// The force on each atom in the order of the structure, eV/Å.
    package var forces: [SIMD3<Double>]?
    package var stress: Stress?
    /// The size of the magnetic moment of each atom, μB.
    package var magneticMoments: [Double]?
    /// The energy of each atom, eV; their mean is the energy per atom.
    package var siteEnergies: [Double]?
    /// What else an engine gives, by name: a band gap, an uncertainty. In the unit that the engine states; finite.
    package var quantities: [String: Double] = [:]

    package init(
        energyPerAtom: Double, forces: [SIMD3<Double>]? = nil, stress: Stress? = nil,
        magneticMoments: [Double]? = nil, siteEnergies: [Double]? = nil
    ) {
        self.energyPerAtom = energyPerAtom
        self.forces = forces
        self.stress = stress
        self.magneticMoments = magneticMoments
        self.siteEnergies = siteEnergies
    }
}

/// The stress of a crystal: the derivative of its energy by strain, over its volume; positive under tension.
///
/// The strain acts on the cell as L' = L (1 + strain), with the fractional coordinates kept.
package struct Stress: Sendable, Hashable {
    /// Three rows, eV/Å³; symmetric.
    package var rows: [SIMD3<Double>]

    /// - Precondition: three rows.
    package init(rows: [SIMD3<Double>]) {
        precondition(rows.count == 3)
        self.rows = rows
    }

    /// One eV/Å³ in GPa.
    static let gigapascals = 160.21766208

    /// Three rows of three numbers, GPa.
    package var inGigapascals: [[Double]] {
        rows.map { row in (0..<3).map { row[$0] * Stress.gigapascals } }
    }
}
