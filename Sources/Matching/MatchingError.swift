/// Why a structure cannot be compared with others.
package enum MatchingError: Error, Sendable, Hashable {
    /// The structure has no atoms.
    case noAtoms
    /// More atoms than are compared; `limit` is the most.
    case tooManyAtoms(count: Int, limit: Int)
    /// A number of the cell or a coordinate is infinite or not a number.
    case notFinite
    /// The cell has no volume, or one that rounding decides.
    case cellWithoutVolume
}

extension MatchingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noAtoms: "the structure has no atoms"
        case .tooManyAtoms(let count, let limit):
            "the structure has \(count) atoms; structures of at most \(limit) are compared"
        case .notFinite: "the structure has a number that is not finite"
        case .cellWithoutVolume: "the cell has no volume"
        }
    }
}
