package import Crystals

/// What has to be added to the energies of a potential before they are held against a hull.
package enum EnergyAlignment: String, Codable, Sendable, Hashable {
    /// Nothing: they stand on one scale, as far as is known.
    case asTheyAre = "as-they-are"
    /// The MP2020 corrections, which the hull's energies carry and those of the potential lack.
    case mp2020

    /// Corrections are added to plain energies on a corrected hull, and never to energies that carry them.
    ///
    /// - Parameter hull: nil if there is none.
    package init(of convention: EnergyConvention, on hull: HullReference?) {
        self = convention == .rawPBE && hull?.convention == .mp2020Corrected ? .mp2020 : .asTheyAre
    }

    /// What is added, eV for the cell; nil if nothing is.
    package func correction(of structure: Structure) -> Double? {
        switch self {
        case .asTheyAre: nil
        case .mp2020: MP2020Correction(of: structure).energy
        }
    }

    /// What is added, eV/atom; nil if nothing is.
    package func correctionPerAtom(of structure: Structure) -> Double? {
        correction(of: structure).map { $0 / Double(structure.atomCount) }
    }
}
