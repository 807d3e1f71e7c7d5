extension Structure {
    /// The shortest distance between two atoms, periodic images of one atom included, Å; nil without atoms or volume.
    ///
    /// Searches all images within reach of the shortest distance found so far: quadratic in the number of atoms.
    package var minimumInteratomicDistance: Double? {
        let volume = cell.volume
        guard atomCount > 0, volume > 0, volume.isFinite else { return nil }
        func height(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double {
            let normal = cross(u, v)
            return volume / (normal * normal).sum().squareRoot()
        }
        let heights = SIMD3(height(cell.b, cell.c), height(cell.c, cell.a), height(cell.a, cell.b))
        var shortest = [cell.a, cell.b, cell.c].map { ($0 * $0).sum().squareRoot() }.min() ?? .infinity
        let points = fractionalCoordinates.map { wrapped($0) }
        for i in points.indices {
            for j in points.indices where j >= i {
                let difference = nearestImage(points[j] - points[i])
                // Images further away along an axis than this are further away than the shortest distance.
                let reach = (SIMD3(repeating: shortest) / heights + 0.5).rounded(.down)
                guard reach.max() < 1000 else { return nil }
                for a in stride(from: -reach.x, through: reach.x, by: 1) {
                    for b in stride(from: -reach.y, through: reach.y, by: 1) {
                        for c in stride(from: -reach.z, through: reach.z, by: 1) {
                            if i == j, a == 0, b == 0, c == 0 { continue }
                            shortest = min(shortest, cell.length(difference + SIMD3(a, b, c)))
                        }
                    }
                }
            }
        }
        return shortest
    }
}
