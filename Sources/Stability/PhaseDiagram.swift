package import Crystals

/// The convex hull of a chemical system: which mixtures of known materials have the lowest energy.
///
/// An energy above the hull is measured against the mixture of entries of the least energy at the same composition; the
/// material asked for never enters the hull, so that distances below it come out negative.
package final class PhaseDiagram: Sendable {
    /// Shares of the atoms below this are left out of decompositions.
    private static let leastFraction = 1e-8
    /// Compounds enter the hull if their formation energy is below minus this, eV/atom.
    private static let formationEnergyTolerance = 1e-11
    /// Compositions whose fractions differ by no more are the same.
    private static let sameComposition = 1e-8
    /// A vertex is lower than the hull of the others by more than this, eV/atom.
    private static let vertexTolerance = 1e-10

    /// The elements in order of atomic number.
    package let elements: [Element]
    /// The elements as a set.
    package let system: ElementSet
    /// The elements' reference entries, then the lowest entry of each compound with a negative formation energy.
    package let entries: [ComputedEntry]

    /// How many compounds, elements included, the system's reference has, on the hull or not.
    package let compoundCount: Int

    private let rows: [Element: Int]
    /// `[rows]`: eV/atom of the elements.
    private let references: [Double]
    private let programme: HullProgramme

    /// Builds the hull of all elements of the entries.
    ///
    /// - Throws: `missingReference` if an element has no elemental entry, `energyNotFinite`, `invalidComposition`.
    package init(entries all: some Sequence<ComputedEntry>) throws(HullError) {
        var lowest: [ReducedComposition: ComputedEntry] = [:]
        var order: [ReducedComposition] = []
        var system = ElementSet()
        for entry in all {
            try Self.check(entry.composition)
            guard entry.energyPerAtom.isFinite else { throw .energyNotFinite(id: entry.id) }
            let key = ReducedComposition(entry.composition)
            for element in entry.composition.elements { system.insert(element) }
            if let known = lowest[key] {
                if entry.energyPerAtom < known.energyPerAtom { lowest[key] = entry }
            } else {
                lowest[key] = entry
                order.append(key)
            }
        }
        let elements = system.elements
        var entries: [ComputedEntry] = []
        var rows: [Element: Int] = [:]
        for (row, element) in elements.enumerated() {
            let key = ReducedComposition(elements: ElementSet(CollectionOfOne(element)), amounts: [1])
            guard let reference = lowest[key] else { throw .missingReference(element) }
            entries.append(reference)
            rows[element] = row
        }
        let references = entries.map(\.energyPerAtom)
        var costs = [Double](repeating: 0, count: elements.count)
        var fractions = [Double](repeating: 0, count: elements.count * elements.count)
        for row in elements.indices { fractions[row * elements.count + row] = 1 }
        for key in order where key.amounts.count > 1 {
            guard let entry = lowest[key] else { continue }
            let column = Self.fractions(of: entry.composition, rows: rows)
            let cost = entry.energyPerAtom - zip(column, references).reduce(0) { $0 + $1.0 * $1.1 }
            guard cost < -Self.formationEnergyTolerance else { continue }
            entries.append(entry)
            costs.append(cost)
            fractions += column
        }
        self.elements = elements
        self.system = system
        self.entries = entries
        compoundCount = order.count
        self.rows = rows
        self.references = references
        programme = HullProgramme(rowCount: elements.count, fractions: fractions, costs: costs)
    }

    /// The lowest elemental entry of each element.
    package var elementReferences: [Element: ComputedEntry] {
        Dictionary(uniqueKeysWithValues: zip(elements, entries))
    }

    /// The energy relative to the elements, eV/atom.
    ///
    /// - Parameter energyPerAtom: eV/atom.
    /// - Throws: `missingReference` for an element outside of the system.
    package func formationEnergyPerAtom(
        of composition: Composition, energyPerAtom: Double
    ) throws(HullError) -> Double {
        let target = try target(of: composition)
        guard energyPerAtom.isFinite else { throw .energyNotFinite(id: "") }
        return energyPerAtom - elementalEnergyPerAtom(target)
    }

    /// The energy above the hull, eV/atom; negative for a material below it.
    ///
    /// - Parameter energyPerAtom: eV/atom.
    /// - Throws: `missingReference` for an element outside of the system.
    package func energyAboveHull(of composition: Composition, energyPerAtom: Double) throws(HullError) -> Double {
        guard energyPerAtom.isFinite else { throw .energyNotFinite(id: "") }
        return energyPerAtom - (try hullEnergyPerAtom(of: composition))
    }

    /// The energy of the hull at a composition, eV/atom.
    package func hullEnergyPerAtom(of composition: Composition) throws(HullError) -> Double {
        let target = try target(of: composition)
        return elementalEnergyPerAtom(target) + (try programme.leastCost(of: target))
    }

    /// The mixture of entries that has the lowest energy at a composition.
    package func decomposition(of composition: Composition) throws(HullError) -> Decomposition {
        let target = try target(of: composition)
        return decomposition(into: try programme.cheapestMixture(of: target), of: target)
    }

    /// The mixture of the lowest energy of all other compositions: what a stable compound would fall apart into if it
    /// were not there. The energy of a compound less that of this mixture is its reaction energy, negative for a stable
    /// one; pymatgen's phase separation energy. An element has no others and keeps its own entry.
    package func decompositionWithoutItself(of composition: Composition) throws(HullError) -> Decomposition {
        let target = try target(of: composition)
        let own = programme.columns(at: target, within: Self.sameComposition)
        return decomposition(into: try programme.cheapestMixture(of: target, excluding: own), of: target)
    }

    private func decomposition(into mixture: HullProgramme.Mixture, of target: [Double]) -> Decomposition {
        let phases = zip(mixture.columns, mixture.weights)
            .filter { $0.1 >= Self.leastFraction }
            .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
            .map { Decomposition.Phase(entry: entries[$0.0], fraction: $0.1) }
        return Decomposition(phases: phases, energyPerAtom: elementalEnergyPerAtom(target) + mixture.cost)
    }

    /// The entries that span the hull: the elements, and the compounds that lie below the hull of all others.
    ///
    /// One linear programme an entry; meant for reports.
    package func vertices() throws(HullError) -> [ComputedEntry] {
        var vertices = Array(entries.prefix(elements.count))
        for column in elements.count..<entries.count {
            let target = try target(of: entries[column].composition)
            let others = try programme.cheapestMixture(of: target, excluding: [column])
            let formationEnergy = entries[column].energyPerAtom - elementalEnergyPerAtom(target)
            if formationEnergy < others.cost - Self.vertexTolerance { vertices.append(entries[column]) }
        }
        return vertices
    }

    private func elementalEnergyPerAtom(_ target: [Double]) -> Double {
        var sum = 0.0
        for row in target.indices { sum += target[row] * references[row] }
        return sum
    }

    /// `[rows]`: atom fractions.
    private func target(of composition: Composition) throws(HullError) -> [Double] {
        var target = [Double](repeating: 0, count: elements.count)
        for (element, amount) in composition.amounts {
            // Few elements are sooner looked through than looked up.
            guard let row = elements.firstIndex(of: element) else {
                try Self.check(composition)
                throw .missingReference(composition.elements.first { rows[$0] == nil } ?? element)
            }
            target[row] = amount
        }
        // As atoms are counted everywhere: by atomic number.
        var count = 0.0
        for row in target.indices { count += target[row] }
        guard count > 0, count.isFinite else { throw .invalidComposition }
        for row in target.indices { target[row] /= count }
        return target
    }

    private static func check(_ composition: Composition) throws(HullError) {
        let count = composition.atomCount
        guard count > 0, count.isFinite else { throw .invalidComposition }
    }

    /// `[rows]`: atom fractions; the elements are all in `rows`.
    private static func fractions(of composition: Composition, rows: [Element: Int]) -> [Double] {
        var fractions = [Double](repeating: 0, count: rows.count)
        let count = composition.atomCount
        for (element, amount) in composition.amounts {
            if let row = rows[element] { fractions[row] = amount / count }
        }
        return fractions
    }
}
