/// A crystal as the policy sees it: a space group, one site for each orbit of atoms, a conventional lattice.
package struct Crystal: Sendable, Hashable {
    package var spaceGroup: SpaceGroup
    /// The symmetry-distinct sites, ordered by Wyckoff letter.
    package var sites: [Site]
    /// The conventional cell.
    package var lattice: LatticeParameters

    package init(spaceGroup: SpaceGroup, sites: [Site], lattice: LatticeParameters) {
        self.spaceGroup = spaceGroup
        self.sites = sites
        self.lattice = lattice
    }

    /// One symmetry-distinct site.
    package struct Site: Sendable, Hashable {
        /// The index of the Wyckoff position, 1 = "a", 26 = "z", 27 = "A" (the reference's numbering; 0 is padding
        /// there).
        package var wyckoff: Int
        package var element: Element
        /// Fractional coordinates of the first representative of the position, in [0, 1).
        package var position: SIMD3<Double>

        package init(wyckoff: Int, element: Element, position: SIMD3<Double>) {
            self.wyckoff = wyckoff
            self.element = element
            self.position = position
        }
    }
}
