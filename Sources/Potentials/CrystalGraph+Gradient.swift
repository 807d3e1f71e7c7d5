internal import Crystals

/// Derivatives of the energy of a crystal by what the members of a class have in common.
struct ClassSlopes {
    /// By the length of each bond of a class, eV/Å.
    let lengths: [Double]
    /// By the cosine of each angle of a class, eV.
    let cosines: [Double]
}

/// Derivatives of the energy of a crystal by positions and strain.
struct EnergyGradient {
    /// On each atom, eV/Å.
    var forces: [SIMD3<Double>]
    /// By strain, three rows, eV.
    var virial: [SIMD3<Double>]
}

extension CrystalGraph {
    /// Forces and virial from the derivatives by classes, along each bond's own vector and each angle's own edges.
    func gradient(_ slopes: ClassSlopes, of graph: QuotientGraph) -> EnergyGradient {
        // The derivative by the vector of each bond.
        var byVector = bondVectors.indices.map { bond in
            slopes.lengths[graph.bondClasses[bond]] / bondLengths[bond] * bondVectors[bond]
        }
        // Whether an edge runs along its bond's vector or against it.
        let signs = edgeBonds.indices.map { edge -> Double in
            dot(edgeDirections[edge], bondVectors[edgeBonds[edge]]) > 0 ? 1 : -1
        }
        var angle = 0
        forEachAngle { _, first, second in
            let slope = slopes.cosines[Int(graph.angleClasses[angle])]
            let (toFirst, toSecond) = (edgeDirections[first], edgeDirections[second])
            let cosine = angleCosines[angle]
            let (firstBond, secondBond) = (edgeBonds[first], edgeBonds[second])
            byVector[firstBond] += signs[first] * slope / bondLengths[firstBond] * (toSecond - cosine * toFirst)
            byVector[secondBond] += signs[second] * slope / bondLengths[secondBond] * (toFirst - cosine * toSecond)
            angle += 1
        }
        var gradient = EnergyGradient(
            forces: [SIMD3<Double>](repeating: .zero, count: atomCount),
            virial: [SIMD3<Double>](repeating: .zero, count: 3))
        for (bond, derivative) in byVector.enumerated() {
            let vector = bondVectors[bond]
            gradient.virial[0] += derivative.x * vector
            gradient.virial[1] += derivative.y * vector
            gradient.virial[2] += derivative.z * vector
        }
        // A vector begins at the centre of the edge along it and ends at the centre of the edge against it.
        for edge in edgeBonds.indices {
            gradient.forces[edgeCentres[edge]] += signs[edge] * byVector[edgeBonds[edge]]
        }
        return gradient
    }
}
