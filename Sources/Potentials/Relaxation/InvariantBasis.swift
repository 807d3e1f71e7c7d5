/// What a group of rotations leaves unchanged: the image of the mean of the group's maps, which projects.
enum InvariantBasis {
    /// Orthonormal vectors that span what all rotations keep.
    static func directions(_ rotations: [Matrix3]) -> [SIMD3<Double>] {
        if rotations.count == 1 { return Matrix3.identity.rows }
        var mean = Matrix3.zero
        for rotation in rotations { mean = mean + rotation }
        let projector = mean * (1 / Double(rotations.count))
        return orthonormal(
            projector.symmetrized.rows, dimension: Int((projector.x.x + projector.y.y + projector.z.z).rounded()),
            product: dot, scale: { $0 * $1 }, sum: +)
    }

    /// Orthonormal symmetric matrices that span the strains which all rotations keep.
    static func strains(_ rotations: [Matrix3]) -> [Matrix3] {
        let images = units.map { unit in
            var mean = Matrix3.zero
            for rotation in rotations { mean = mean + rotation * unit * rotation.transposed }
            return (mean * (1 / Double(rotations.count))).symmetrized
        }
        let trace = zip(images, units).reduce(0) { $0 + $1.0.contracted(with: $1.1) }
        return orthonormal(
            images, dimension: Int(trace.rounded()), product: { $0.contracted(with: $1) }, scale: { $0 * $1 }, sum: +)
    }

    /// Orthonormal symmetric matrices.
    private static let units: [Matrix3] = {
        let half = 0.5.squareRoot()
        let (x, y, z) = (SIMD3(1.0, 0, 0), SIMD3(0, 1.0, 0), SIMD3(0, 0, 1.0))
        return [
            Matrix3(diagonal: x), Matrix3(diagonal: y), Matrix3(diagonal: z),
            Matrix3(x: .zero, y: half * z, z: half * y), Matrix3(x: half * z, y: .zero, z: half * x),
            Matrix3(x: half * y, y: half * x, z: .zero),
        ]
    }()

    /// An orthonormal basis of what some vectors span, whose dimension is known; the longest rest is taken first, so
    /// that rounding decides nothing.
    private static func orthonormal<Vector>(
        _ vectors: [Vector], dimension: Int, product: (Vector, Vector) -> Double,
        scale: (Vector, Double) -> Vector, sum: (Vector, Vector) -> Vector
    ) -> [Vector] {
        var rest = vectors
        var basis: [Vector] = []
        while basis.count < dimension {
            var longest = 0
            for index in rest.indices
            where product(rest[index], rest[index]) > product(rest[longest], rest[longest]) + 1e-9 { longest = index }
            let length = product(rest[longest], rest[longest]).squareRoot()
            guard length > 1e-6 else { break }
            let unit = scale(rest[longest], 1 / length)
            basis.append(unit)
            rest = rest.map { sum($0, scale(unit, -product($0, unit))) }
        }
        return basis
    }
}
