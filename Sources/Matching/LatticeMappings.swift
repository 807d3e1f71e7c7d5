import Crystals
import Foundation

/// The cells of a lattice that are, within the tolerances, like another cell, mirror images included.
struct LatticeMappings {
    /// A vector of the lattice.
    private struct Point {
        /// In the lattice's own vectors.
        let indices: SIMD3<Double>
        /// Å.
        let vector: SIMD3<Double>
        let length: Double
    }

    /// A cell of the lattice.
    struct Mapping {
        /// Its vectors in terms of the lattice's own; the determinant is 1 or -1.
        let matrix: IntegerMatrix
        /// Å and degrees.
        let parameters: LatticeParameters
    }

    private var points: [[Point]]
    /// How far the points lie from the origin at most, Å.
    private let reach: Double
    private let alpha, beta, gamma: ClosedRange<Double>

    /// - Parameters:
    ///   - cell: of the lattice, Niggli-reduced.
    ///   - target: the parameters to come near to, Å and degrees.
    init(_ cell: Cell, target: LatticeParameters, tolerances: MatchingTolerances) {
        let factor = 1 + tolerances.length
        let lengths = [target.a, target.b, target.c]
        var points = [[Point]](repeating: [], count: 3)
        let reach = (lengths.max() ?? 0) * factor
        ImageSearch(cell: cell, distance: reach).forEachTranslation(of: .zero) { indices in
            let vector = cell.cartesian(indices)
            let length = (vector * vector).sum().squareRoot()
            for axis in 0..<3 {
                let ratio = length / lengths[axis]
                guard ratio < factor, ratio > 1 / factor else { continue }
                points[axis].append(Point(indices: indices, vector: vector, length: length))
            }
            return true
        }
        self.points = points
        self.reach = reach
        func cosines(around angle: Double) -> ClosedRange<Double> {
            let limits = [angle + tolerances.angle, angle - tolerances.angle].map { min(max($0, 0), 180) }
            return cos(limits[0] * .pi / 180) - Self.rounding...cos(limits[1] * .pi / 180) + Self.rounding
        }
        alpha = cosines(around: target.alpha)
        beta = cosines(around: target.beta)
        gamma = cosines(around: target.gamma)
    }

    /// The first right-handed cell, in terms of a right-handed lattice's vectors (of a left-handed one: left-handed),
    /// else the first; nil if there is none.
    ///
    /// Where several cells are alike, which one is first decides what the search for primitive cells tolerates. So the
    /// order is that of pymatgen: by octants of the lattice's orientation, in each by descending indices.
    func first() -> IntegerMatrix? {
        var ordered = self
        ordered.points = points.map { $0.sorted { rank($0).lexicographicallyPrecedes(rank($1)) } }
        var first: IntegerMatrix?
        ordered.forEachMapping { mapping in
            if first == nil || mapping.matrix.determinant > 0 { first = mapping.matrix }
            return mapping.matrix.determinant < 0
        }
        return first
    }

    /// What to sort points by.
    private func rank(_ point: Point) -> [Double] {
        let octant = ((point.vector + reach + 2e-8) / reach).rounded(.down)
        return [octant.x, octant.y, octant.z, -point.indices.x, -point.indices.y, -point.indices.z]
    }

    /// Calls `body` with each cell until it returns false.
    func forEachMapping(_ body: (Mapping) -> Bool) {
        func cosine(_ u: Point, _ v: Point) -> Double { (u.vector * v.vector).sum() / (u.length * v.length) }
        var thirds: [(point: Point, cosine: Double)] = []
        for a in points[0] {
            thirds.removeAll(keepingCapacity: true)
            for c in points[2] {
                let cosine = cosine(a, c)
                if beta.contains(cosine) { thirds.append((c, cosine)) }
            }
            guard !thirds.isEmpty else { continue }
            for b in points[1] {
                let cosineOfGamma = cosine(a, b)
                guard gamma.contains(cosineOfGamma) else { continue }
                for (c, cosineOfBeta) in thirds {
                    let cosineOfAlpha = cosine(b, c)
                    guard alpha.contains(cosineOfAlpha) else { continue }
                    let matrix = IntegerMatrix(rows: (a.indices, b.indices, c.indices))
                    guard (matrix.determinant.magnitude - 1).magnitude < 0.5 else { continue }
                    let parameters = LatticeParameters(
                        a: a.length, b: b.length, c: c.length, alpha: Self.degrees(cosineOfAlpha),
                        beta: Self.degrees(cosineOfBeta), gamma: Self.degrees(cosineOfGamma))
                    guard body(Mapping(matrix: matrix, parameters: parameters)) else { return }
                }
            }
        }
    }

    private static func degrees(_ cosine: Double) -> Double { acos(min(1, max(-1, cosine))) * 180 / .pi }

    /// Of cosines.
    private static let rounding = 1e-12
}
