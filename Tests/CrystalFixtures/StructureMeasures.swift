package import Crystals

/// The distance of the closest pair of atoms in one cell, Å.
package func closestPair(_ structure: Structure) -> Double {
    var best = Double.infinity
    let x = structure.fractionalCoordinates
    for i in x.indices {
        for j in x.indices where j < i { best = min(best, structure.cell.length(nearestImage(x[i] - x[j]))) }
    }
    return best
}

/// Sums over all pairs and images of short-ranged functions of the distance, per atom: equal for equal structures
/// whatever the cell.
package func shellSums(_ structure: Structure) -> [Double] {
    let range = 4.0
    let cell = structure.cell
    let volume = cell.volume
    func reach(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Int {
        let normal = cross(u, v)
        return Int((range * (normal * normal).sum().squareRoot() / volume).rounded(.up))
    }
    let (na, nb, nc) = (reach(cell.b, cell.c), reach(cell.c, cell.a), reach(cell.a, cell.b))
    var sums = [0.0, 0.0, 0.0]
    let points = structure.fractionalCoordinates.map { wrapped($0) }
    for i in points.indices {
        for j in points.indices {
            let difference = points[j] - points[i]
            let weight = Double(structure.elements[i].atomicNumber * structure.elements[j].atomicNumber) / 1000
            for a in -na - 1...na + 1 {
                for b in -nb - 1...nb + 1 {
                    for c in -nc - 1...nc + 1 {
                        let length = cell.length(difference + SIMD3(Double(a), Double(b), Double(c)))
                        guard length > 1e-3, length < range else { continue }
                        let edge = 1 - length / range
                        sums[0] += edge * edge
                        sums[1] += edge * edge * edge * weight
                        sums[2] += edge * edge * weight / (1 + length)
                    }
                }
            }
        }
    }
    return sums.map { $0 / Double(points.count) }
}
