package import Crystals
package import Potentials
package import Stability
package import Trajectories

/// A judge of a run that this program measures by itself: a potential of its own, and what its heights are taken above.
package struct RunJudge: Sendable {
    package let name: String
    package let potential: any InteratomicPotential
    /// Nil: energies alone.
    package let hull: HullReference?

    /// - Parameter name: What its quantities begin with.
    /// - Throws: ``ModelError``; also if energies of the one have no place on the other.
    package init(name: String, potential: String, hull: String) throws(ModelError) {
        self.name = name
        self.potential = try PotentialSource.load(potential)
        self.hull = try HullSource.loadAny(hull)
        if let hull = self.hull { try HullSource.check(hull, isFor: self.potential) }
    }

    /// What it tells of a structure as it is, by the judge's names.
    package var quantities: Set<Measurement.Quantity> {
        let own: [Measurement.Quantity] =
            hull == nil ? [.energyPerAtom] : [.energyPerAtom, .energyAboveHull, .formationEnergyPerAtom, .hullEntries]
        return Set(own.map { $0.judged(by: name) })
    }

    /// Those quantities of a structure, as far as its elements are on the hull.
    ///
    /// - Parameter energy: By its potential, eV/atom.
    package func numbers(of structure: Structure, energyPerAtom energy: Double) -> [Measurement.Quantity: Double] {
        var numbers: [Measurement.Quantity: Double] = [.energyPerAtom: energy]
        let composition = structure.composition
        if let hull, let diagram = try? hull.phaseDiagram(of: composition.amounts.keys) {
            let alignment = EnergyAlignment(of: potential.energyConvention, on: hull)
            let aligned = energy + (alignment.correctionPerAtom(of: structure) ?? 0)
            if let hullEnergy = try? diagram.hullEnergyPerAtom(of: composition) {
                numbers[.energyAboveHull] = aligned - hullEnergy
            }
            numbers[.formationEnergyPerAtom] = try? diagram.formationEnergyPerAtom(
                of: composition, energyPerAtom: aligned)
            numbers[.hullEntries] = Double(diagram.compoundCount)
        }
        return Dictionary(uniqueKeysWithValues: numbers.map { ($0.key.judged(by: name), $0.value) })
    }
}
