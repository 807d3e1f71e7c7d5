/// The lattice points of a conventional cell.
package enum Centring: String, Sendable {
    case primitive = "P"
    case aFace = "A"
    case cFace = "C"
    case body = "I"
    case face = "F"
    /// Rhombohedral in hexagonal axes, obverse.
    case rhombohedral = "R"

    /// The lattice points in the conventional cell, the origin first.
    package var translations: [SIMD3<Double>] {
        let half = 0.5
        let third = 1.0 / 3
        switch self {
        case .primitive: return [.zero]
        case .aFace: return [.zero, SIMD3(0, half, half)]
        case .cFace: return [.zero, SIMD3(half, half, 0)]
        case .body: return [.zero, SIMD3(half, half, half)]
        case .face: return [.zero, SIMD3(0, half, half), SIMD3(half, 0, half), SIMD3(half, half, 0)]
        case .rhombohedral: return [.zero, SIMD3(2 * third, third, third), SIMD3(third, 2 * third, 2 * third)]
        }
    }

    /// The vectors of a primitive cell in units of the conventional ones; right-handed if those are.
    var primitiveVectors: [SIMD3<Double>] {
        let half = 0.5
        let third = 1.0 / 3
        switch self {
        case .primitive: return [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)]
        case .aFace: return [SIMD3(1, 0, 0), SIMD3(0, half, -half), SIMD3(0, half, half)]
        case .cFace: return [SIMD3(half, -half, 0), SIMD3(half, half, 0), SIMD3(0, 0, 1)]
        case .body: return [SIMD3(-half, half, half), SIMD3(half, -half, half), SIMD3(half, half, -half)]
        case .face: return [SIMD3(0, half, half), SIMD3(half, 0, half), SIMD3(half, half, 0)]
        case .rhombohedral:
            return [
                SIMD3(2 * third, third, third), SIMD3(-third, third, third), SIMD3(-third, -2 * third, third),
            ]
        }
    }
}
