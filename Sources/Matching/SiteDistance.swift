/// How far the atoms of two structures that match are apart, in units of (volume / atoms)^(1/3) of their mean lattice.
package struct SiteDistance: Sendable, Hashable {
    /// The root mean square over all atoms.
    package let rms: Double
    /// That of the pair farthest apart.
    package let largest: Double

    package init(rms: Double, largest: Double) {
        self.rms = rms
        self.largest = largest
    }
}
