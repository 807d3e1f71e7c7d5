/// Why the symmetry of a structure could not be found.
package enum SymmetryError: Error, Sendable, Hashable {
    /// The structure has no atoms.
    case noAtoms
    /// The cell has no volume or a vector longer than 100,000 Å, a number in it or the coordinates is not finite, or a
    /// fractional coordinate is 1e9 or more.
    case invalidGeometry
    /// The search gave up; `tolerance` in Å.
    case searchFailed(tolerance: Double)
    /// A space group was found, but the standardised structure does not obey it; `tolerance` in Å.
    case inconsistent(spaceGroup: Int, tolerance: Double)
}

extension SymmetryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noAtoms: "the structure has no atoms"
        case .invalidGeometry:
            "the cell has no volume or a vector longer than 100,000 Å, or a coordinate is not finite or beyond a "
                + "thousand million cells"
        case .searchFailed(let tolerance):
            "no space group found with a tolerance of \(tolerance) Å: atoms may coincide; try another tolerance"
        case .inconsistent(let spaceGroup, let tolerance):
            "space group \(spaceGroup) was found with a tolerance of \(tolerance) Å, but the structure obeys it "
                + "only roughly: try another tolerance"
        }
    }
}
