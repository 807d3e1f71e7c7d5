import Foundation

extension SpaceGroup {
    /// The group of operations in any setting of any cell, primitive ones included; nil if they are none.
    ///
    /// Where no tabulated setting has them, it is the group of atoms in general positions which the operations map onto
    /// each other: as many different ones as it takes to have no other symmetry.
    /// - Parameter cell: lengths and angles that do not quite have the symmetry are taken as if they had it.
    package init?(operations: [AffineOperation], cell: Cell) {
        if let setting = SpaceGroupSetting.setting(operations: operations) {
            self = setting.spaceGroup
            return
        }
        guard let cell = cell.symmetrized(by: operations) else { return nil }
        for count in 1...SpaceGroup.generalPoints.count {
            var elements: [Element] = []
            var coordinates: [SIMD3<Double>] = []
            for (number, point) in SpaceGroup.generalPoints.prefix(count).enumerated() {
                guard let element = Element(atomicNumber: number + 1) else { return nil }
                elements += [Element](repeating: element, count: operations.count)
                coordinates += operations.map { wrapped($0.apply(point)) }
            }
            let atoms = Structure(cell: cell, elements: elements, fractionalCoordinates: coordinates)
            guard let found = try? SymmetryAnalysis(atoms, tolerance: 2e-3),
                found.operations.count == operations.count
            else { continue }
            self = found.spaceGroup
            return
        }
        return nil
    }

    /// Points on no symmetry element of any group, fractional; no four of them in one plane that a lattice could have.
    private static let generalPoints = [
        SIMD3(0.1371, 0.2113, 0.0717), SIMD3(0.3419, 0.0523, 0.1831), SIMD3(0.0291, 0.4157, 0.3093),
        SIMD3(0.2239, 0.1471, 0.4513),
    ]
}

extension Cell {
    /// The cell with the mean of the metrics that operations make of it, in any orientation; nil if there is none.
    fileprivate func symmetrized(by operations: [AffineOperation]) -> Cell? {
        let images = operations.map { operation in
            let (a, b, c) = operation.columns
            return (cartesian(a), cartesian(b), cartesian(c))
        }
        func mean(_ product: ((SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)) -> Double) -> Double {
            images.reduce(0) { $0 + product($1) } / Double(max(1, images.count))
        }
        let (a, b, c) = (
            mean { ($0.0 * $0.0).sum() }.squareRoot(), mean { ($0.1 * $0.1).sum() }.squareRoot(),
            mean { ($0.2 * $0.2).sum() }.squareRoot()
        )
        func angle(_ cosine: Double) -> Double { acos(min(1, max(-1, cosine))) * 180 / .pi }
        let parameters = LatticeParameters(
            a: a, b: b, c: c, alpha: angle(mean { ($0.1 * $0.2).sum() } / (b * c)),
            beta: angle(mean { ($0.0 * $0.2).sum() } / (a * c)), gamma: angle(mean { ($0.0 * $0.1).sum() } / (a * b)))
        return try? parameters.cell()
    }
}
