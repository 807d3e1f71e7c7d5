import CKernels

/// The von Mises density per radian and its derivatives, for many components at once.
package enum VonMises {
    /// - Parameters:
    ///   - x: an angle, radians.
    ///   - locations, concentrations: one for each component.
    ///   - logDensities, dLocations, dConcentrations: results of the same count.
    package static func logDensity(
        at x: Double, locations: [Double], concentrations: [Double], logDensities: inout [Double],
        dLocations: inout [Double], dConcentrations: inout [Double]
    ) {
        let count = locations.count
        precondition(concentrations.count >= count && logDensities.count >= count)
        precondition(dLocations.count >= count && dConcentrations.count >= count)
        ck_von_mises(count, x, locations, concentrations, &logDensities, &dLocations, &dConcentrations)
    }
}
