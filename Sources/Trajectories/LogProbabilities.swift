/// The logarithm of the probability of a crystal under a policy, by component (natural log).
///
/// Conventions are the reference's: coordinates are densities of the angle 2π(x - ½), lattice lengths are divided by
/// the cube root of the number of atoms, angles are in radians.
package struct LogProbabilities: Sendable, Hashable {
    /// Wyckoff positions, the stop decision included.
    package var w: Double
    /// Elements.
    package var a: Double
    /// Free coordinates.
    package var xyz: Double
    /// Free lattice parameters.
    package var l: Double

    package init(w: Double, a: Double, xyz: Double, l: Double) {
        self.w = w
        self.a = a
        self.xyz = xyz
        self.l = l
    }

    package static let zero = LogProbabilities(w: 0, a: 0, xyz: 0, l: 0)

    /// log p of the whole crystal, given its space group.
    package var total: Double { w + a + xyz + l }

    /// The components in the order w, a, xyz, l.
    package var components: [Double] { [w, a, xyz, l] }
}
