package import Crystals

extension StructureMatcher {
    /// Whether nothing speaks against a structure being another one of which it was made, such as by its symmetry.
    ///
    /// It is a check beside one of composition, volume and neighbourhoods, not in its place: of some pairs the matcher
    /// cannot tell, and they pass. Those are structures of too many atoms, and those that are reduced to cells of
    /// different sizes: near the tolerance of the reduction the cell that was given decides, not the crystal.
    ///
    /// - Throws: ``MatchingError`` for structures that no comparison takes, too many atoms aside.
    package func allows(_ rebuilt: Structure, asRebuilt original: Structure) throws(MatchingError) -> Bool {
        guard max(original.atomCount, rebuilt.atomCount) <= ReducedStructure.largestAtomCount else { return true }
        let (first, second) = (try ReducedStructure(original), try ReducedStructure(rebuilt))
        return first.atomCount != second.atomCount || fit(first, second)
    }
}
