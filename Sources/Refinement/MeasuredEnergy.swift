package import Crystals
package import Trajectories

/// An energy that follows from what a measurer says of a crystal.
package final class MeasuredEnergy: CrystalEnergy {
    package let lowest: Double
    private let measurer: any CrystalMeasurer
    private let energy: (Outcome) -> Double?

    /// - Parameters:
    ///   - lowest: no energy is below it.
    ///   - energy: of an outcome; nil if such a crystal is not allowed.
    package init(measurer: any CrystalMeasurer, lowest: Double, energy: @escaping (Outcome) -> Double?) {
        self.measurer = measurer
        self.lowest = lowest
        self.energy = energy
    }

    /// The height above the hull, eV/atom; what is below the hull counts as on it, so that errors of the potential earn
    /// nothing.
    package static func heightAboveHull(_ measurer: any CrystalMeasurer) -> MeasuredEnergy {
        MeasuredEnergy(measurer: measurer, lowest: 0) { outcome in
            guard case .measured(let measurement) = outcome else { return nil }
            return measurement[.energyAboveHull].map { max(0, $0) }
        }
    }

    package func energies(of crystals: [Crystal]) throws -> [Double?] {
        guard !crystals.isEmpty else { return [] }
        let items = crystals.enumerated().map { WorkItem(job: 0, index: $0, crystal: $1, isTerminated: true) }
        return try measurer.measure(items).map { result in energy(result.outcome).flatMap { $0.isFinite ? $0 : nil } }
    }
}
