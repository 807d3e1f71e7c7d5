/// Three cell vectors, Å.
package struct Cell: Sendable, Hashable {
    package var a: SIMD3<Double>
    package var b: SIMD3<Double>
    package var c: SIMD3<Double>

    package init(a: SIMD3<Double>, b: SIMD3<Double>, c: SIMD3<Double>) {
        self.a = a
        self.b = b
        self.c = c
    }

    /// The Cartesian position of fractional coordinates, Å.
    package func cartesian(_ fractional: SIMD3<Double>) -> SIMD3<Double> {
        fractional.x * a + fractional.y * b + fractional.z * c
    }

    /// The signed triple product a · (b × c), Å³; negative for a left-handed cell.
    package var signedVolume: Double { (a * cross(b, c)).sum() }

    /// The volume, Å³.
    package var volume: Double { signedVolume.magnitude }
}

/// The vector product.
package func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
}
