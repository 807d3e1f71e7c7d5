/// How much two structures may differ and still be one: the quantities of pymatgen's `StructureMatcher`, with its
/// defaults.
package struct MatchingTolerances: Sendable, Hashable {
    /// By which fraction lengths of the cells may differ, either way.
    package var length: Double
    /// How far an atom may be from its partner, in units of (volume / atoms)^(1/3).
    package var site: Double
    /// By how much angles of the cells may differ, degrees.
    package var angle: Double

    /// - Precondition: positive numbers.
    package init(length: Double = 0.2, site: Double = 0.3, angle: Double = 5) {
        precondition(length > 0 && site > 0 && angle > 0)
        self.length = length
        self.site = site
        self.angle = angle
    }
}
