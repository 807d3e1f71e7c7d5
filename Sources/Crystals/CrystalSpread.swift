/// Counts how varied some crystals are.
package struct CrystalSpread: Sendable, Hashable {
    /// Crystals counted.
    package private(set) var count = 0
    private var sequences: Set<String> = []
    private var groups: Set<Int> = []
    private var elementSet: Set<Element> = []

    package init() {}

    package mutating func add(_ crystal: Crystal) {
        count += 1
        sequences.insert(crystal.wyckoffSequence)
        groups.insert(crystal.spaceGroup.number)
        for site in crystal.sites { elementSet.insert(site.element) }
    }

    /// The share of crystals whose Wyckoff sequence is not that of one before. A strict measure: crystals that differ
    /// in coordinates or lattice alone count as equal.
    package var uniqueFraction: Double { count == 0 ? 0 : Double(sequences.count) / Double(count) }

    /// How many space groups occur.
    package var spaceGroups: Int { groups.count }

    /// How many elements occur.
    package var elements: Int { elementSet.count }
}
