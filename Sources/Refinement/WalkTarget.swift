package import Crystals

/// Log-probabilities of crystals, up to a constant for each space group and sequence of Wyckoff positions.
///
/// Thread rule: one owner. The numbers depend on the crystals of a call alone.
package protocol CrystalDensity: AnyObject {
    /// One for each crystal, in their order; -1e10 or less for one that cannot be.
    func logProbabilities(of crystals: [Crystal]) throws -> [Double]
}

/// What crystals are to be low in, such as the negative of a reward.
///
/// Thread rule: one owner. The numbers depend on the crystals of a call alone.
package protocol CrystalEnergy: AnyObject {
    /// No energy is below it; -infinity if that is not known. Proposals that it rules out are not measured.
    var lowest: Double { get }

    /// One for each crystal, in their order; nil for one that is not allowed.
    func energies(of crystals: [Crystal]) throws -> [Double?]
}

/// What one thread asks.
package struct WalkTarget {
    let density: any CrystalDensity
    let energy: any CrystalEnergy

    package init(density: any CrystalDensity, energy: any CrystalEnergy) {
        self.density = density
        self.energy = energy
    }
}
