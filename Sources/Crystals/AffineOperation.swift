/// A map of fractional coordinates, x' = R x + t, such as a symmetry operation or a coordinate triplet "x,-y,z+1/2".
package struct AffineOperation: Sendable, Hashable {
    /// The columns of R: where the x, y and z coordinates go.
    package let columns: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
    /// The shift t, fractional.
    package let translation: SIMD3<Double>

    package init(columns: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>), translation: SIMD3<Double>) {
        self.columns = columns
        self.translation = translation
    }

    package static let identity = AffineOperation(
        columns: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)), translation: .zero)

    /// R x + t, not wrapped.
    package func apply(_ x: SIMD3<Double>) -> SIMD3<Double> {
        rotate(x) + translation
    }

    /// R x.
    package func rotate(_ x: SIMD3<Double>) -> SIMD3<Double> {
        columns.0 * x.x + columns.1 * x.y + columns.2 * x.z
    }

    /// The rows of R.
    package var rows: [SIMD3<Double>] {
        (0..<3).map { SIMD3(columns.0[$0], columns.1[$0], columns.2[$0]) }
    }

    /// The map that applies `other` first, then this one, with the shift wrapped into [0, 1).
    package func after(_ other: AffineOperation) -> AffineOperation {
        AffineOperation(
            columns: (rotate(other.columns.0), rotate(other.columns.1), rotate(other.columns.2)),
            translation: wrapped(apply(other.translation)))
    }

    /// The same rotation with another shift, wrapped into [0, 1).
    func shifted(by shift: SIMD3<Double>) -> AffineOperation {
        AffineOperation(columns: columns, translation: wrapped(translation + shift))
    }

    /// The same operation when every coordinate has `shift` added.
    package func moved(by shift: SIMD3<Double>) -> AffineOperation {
        shifted(by: shift - rotate(shift))
    }

    /// The determinant of R.
    package var determinant: Double { (columns.0 * cross(columns.1, columns.2)).sum() }

    package static func == (left: AffineOperation, right: AffineOperation) -> Bool {
        left.columns == right.columns && left.translation == right.translation
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(columns.0)
        hasher.combine(columns.1)
        hasher.combine(columns.2)
        hasher.combine(translation)
    }

    /// A number that tells operations apart modulo lattice translations; nil unless all entries of R are whole numbers
    /// within ±2 and the shift is a multiple of 1/24, to 1e-3.
    package var code: Int? {
        let limit = SIMD3(repeating: 2.0)
        for column in [columns.0, columns.1, columns.2] {
            guard all(column.rounded(.toNearestOrEven) .== column), all(column .<= limit), all(column .>= -limit) else {
                return nil
            }
        }
        let steps = 24 * translation
        let whole = steps.rounded(.toNearestOrEven)
        guard all(whole .< 1e6), all(whole .> -1e6), all(steps - whole .< 0.024), all(whole - steps .< 0.024) else {
            return nil
        }
        // R in base 5, the shift in base 24.
        let base = SIMD3(25.0, 5, 1)
        let rotation =
            (columns.0 * base).sum() * 15_625 + (columns.1 * base).sum() * 125 + (columns.2 * base).sum()
        let shift = whole - 24 * (whole / 24).rounded(.down)
        return Int(rotation) * 13_824 + Int((shift * SIMD3(576, 24, 1)).sum())
    }
}

/// Fractional coordinates moved into [0, 1), never exactly 1.
package func wrapped(_ x: SIMD3<Double>) -> SIMD3<Double> {
    let remainder = x - x.rounded(.down)
    return remainder.replacing(with: 0, where: remainder .>= 1)
}

/// A difference of fractional coordinates moved into [-1/2, 1/2].
package func nearestImage(_ difference: SIMD3<Double>) -> SIMD3<Double> {
    difference - difference.rounded(.toNearestOrEven)
}
