import Foundation

extension LatticeParameters {
    /// a, b, c (Å), alpha, beta, gamma (degrees).
    package var values: [Double] { [a, b, c, alpha, beta, gamma] }

    /// - Precondition: six values.
    package init(values: [Double]) {
        precondition(values.count == 6)
        self.init(a: values[0], b: values[1], c: values[2], alpha: values[3], beta: values[4], gamma: values[5])
    }

    /// Lengths and angles of a cell.
    package init(_ cell: Cell) {
        func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }
        func angle(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double {
            let cosine = (u * v).sum() / (length(u) * length(v))
            return acos(min(1, max(-1, cosine))) * 180 / .pi
        }
        self.init(
            a: length(cell.a), b: length(cell.b), c: length(cell.c),
            alpha: angle(cell.b, cell.c), beta: angle(cell.a, cell.c), gamma: angle(cell.a, cell.b))
    }

    /// The cell with c along z and a in the plane of x and z.
    /// - Throws: ``CrystalError/latticeNotFinite(_:)`` or ``CrystalError/impossibleLattice(_:)``.
    package func cell() throws(CrystalError) -> Cell {
        guard values.allSatisfy(\.isFinite) else { throw .latticeNotFinite(self) }
        guard min(a, b, c) > 0, min(alpha, beta, gamma) > 0, max(alpha, beta, gamma) < 180 else {
            throw .impossibleLattice(self)
        }
        let radians = Double.pi / 180
        let (cosAlpha, cosBeta, cosGamma) = (cos(alpha * radians), cos(beta * radians), cos(gamma * radians))
        let (sinAlpha, sinBeta) = (sin(alpha * radians), sin(beta * radians))
        let cosGammaStar = (cosAlpha * cosBeta - cosGamma) / (sinAlpha * sinBeta)
        guard cosGammaStar.magnitude < 1 - 1e-9 else { throw .impossibleLattice(self) }
        let sinGammaStar = (1 - cosGammaStar * cosGammaStar).squareRoot()
        let cell = Cell(
            a: SIMD3(a * sinBeta, 0, a * cosBeta),
            b: SIMD3(-b * sinAlpha * cosGammaStar, b * sinAlpha * sinGammaStar, b * cosAlpha),
            c: SIMD3(0, 0, c))
        guard cell.volume.isFinite, cell.volume > 0 else { throw .impossibleLattice(self) }
        return cell
    }
}

extension Cell {
    /// The fractional coordinates of a Cartesian position (Å); not finite if the cell has no volume.
    package func fractional(_ position: SIMD3<Double>) -> SIMD3<Double> {
        let determinant = signedVolume
        return SIMD3(
            (position * cross(b, c)).sum(), (position * cross(c, a)).sum(), (position * cross(a, b)).sum())
            / determinant
    }

    /// The length of a difference of fractional coordinates, Å, as it stands: images are not searched.
    package func length(_ difference: SIMD3<Double>) -> Double {
        let vector = cartesian(difference)
        return (vector * vector).sum().squareRoot()
    }
}
