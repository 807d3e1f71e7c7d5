/// The Wyckoff position of a point, and the point as the policy wants it.
package struct WyckoffAssignment: Sendable {
    package let position: WyckoffPosition
    /// On the first representative of the position, in [0, 1): of all such points of the orbit the first in
    /// lexicographic order.
    package let representative: SIMD3<Double>
}

extension SpaceGroup {
    /// Finds the Wyckoff position of a point, which is first moved onto the symmetry elements within the tolerance.
    ///
    /// - Parameter tolerance: Å; images of the point closer than this count as the point itself.
    /// - Returns: nil if the images near the point form no site-symmetry group, as happens on the verge of the
    ///   tolerance.
    package func assignment(of point: SIMD3<Double>, cell: Cell, tolerance: Double) -> WyckoffAssignment? {
        let operations = self.operations
        let start = wrapped(point)
        var count = 0
        var shift = SIMD3<Double>.zero
        for operation in operations {
            let difference = nearestImage(operation.apply(start) - start)
            if cell.length(difference) < tolerance {
                count += 1
                shift += difference
            }
        }
        guard count > 0, operations.count % count == 0 else { return nil }
        let multiplicity = operations.count / count
        let settled = start + shift / Double(count)
        let images = count == operations.count ? [settled] : operations.map { $0.apply(settled) }
        for position in wyckoffPositions where position.multiplicity == multiplicity {
            var best: SIMD3<Double>?
            var bestKey = SIMD3<Int>.zero
            for image in images {
                let projected = position.representative.apply(image)
                let difference = nearestImage(projected - image)
                guard (difference * difference).sum() < 1e-10 else { continue }
                let candidate = wrapped(projected)
                let key = SpaceGroup.orderKey(candidate)
                if best == nil || SpaceGroup.isOrdered(key, before: bestKey) {
                    best = candidate
                    bestKey = key
                }
            }
            if let best { return WyckoffAssignment(position: position, representative: best) }
        }
        return nil
    }

    /// Coordinates in steps of 1e-5 of the cell, so that rounding does not decide the order.
    private static func orderKey(_ x: SIMD3<Double>) -> SIMD3<Int> {
        let steps = 100_000
        return SIMD3(
            Int((x.x * 1e5).rounded()) % steps, Int((x.y * 1e5).rounded()) % steps, Int((x.z * 1e5).rounded()) % steps)
    }

    private static func isOrdered(_ left: SIMD3<Int>, before right: SIMD3<Int>) -> Bool {
        if left.x != right.x { return left.x < right.x }
        if left.y != right.y { return left.y < right.y }
        return left.z < right.z
    }
}

extension Crystal {
    /// The sites by Wyckoff index, then x, y and z.
    package static func sorted(_ sites: [Site]) -> [Site] {
        sites.sorted { left, right in
            if left.wyckoff != right.wyckoff { return left.wyckoff < right.wyckoff }
            if left.position.x != right.position.x { return left.position.x < right.position.x }
            if left.position.y != right.position.y { return left.position.y < right.position.y }
            if left.position.z != right.position.z { return left.position.z < right.position.z }
            return left.element < right.element
        }
    }
}
