/// The seven crystal systems; trigonal groups include the rhombohedral ones.
package enum CrystalSystem: String, Sendable, CaseIterable {
    case triclinic, monoclinic, orthorhombic, tetragonal, trigonal, hexagonal, cubic
}

extension SpaceGroup {
    package var crystalSystem: CrystalSystem {
        switch number {
        case ...2: .triclinic
        case ...15: .monoclinic
        case ...74: .orthorhombic
        case ...142: .tetragonal
        case ...167: .trigonal
        case ...194: .hexagonal
        default: .cubic
        }
    }

    /// Which of a, b, c, alpha, beta, gamma the group leaves free (the reference's lattice mask).
    package var freeLatticeParameters: [Bool] {
        switch crystalSystem {
        case .triclinic: [true, true, true, true, true, true]
        case .monoclinic: [true, true, true, false, true, false]
        case .orthorhombic: [true, true, true, false, false, false]
        case .tetragonal, .trigonal, .hexagonal: [true, false, true, false, false, false]
        case .cubic: [true, false, false, false, false, false]
        }
    }

    /// The lattice with every parameter that the group does not leave free set to what the free ones imply.
    package func symmetrize(_ lattice: LatticeParameters) -> LatticeParameters {
        var result = lattice
        guard crystalSystem != .triclinic else { return result }
        result.alpha = 90
        result.gamma = 90
        guard crystalSystem != .monoclinic else { return result }
        result.beta = 90
        guard crystalSystem != .orthorhombic else { return result }
        result.b = lattice.a
        if crystalSystem == .trigonal || crystalSystem == .hexagonal { result.gamma = 120 }
        if crystalSystem == .cubic { result.c = lattice.a }
        return result
    }
}
