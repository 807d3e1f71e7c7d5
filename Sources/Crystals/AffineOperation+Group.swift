extension AffineOperation {
    /// The most operations of a group with any centring of up to eight lattice points.
    package static let maximumGroupOrder = 384

    /// The map that applies `other` first, then this one; unlike ``after(_:)`` the shift is not wrapped.
    func product(_ other: AffineOperation) -> AffineOperation {
        AffineOperation(
            columns: (rotate(other.columns.0), rotate(other.columns.1), rotate(other.columns.2)),
            translation: apply(other.translation))
    }

    /// The inverse map; nil if R has none.
    var inverse: AffineOperation? {
        let determinant = self.determinant
        guard determinant.magnitude > 1e-6 else { return nil }
        let (a, b, c) = columns
        let rows = [cross(b, c) / determinant, cross(c, a) / determinant, cross(a, b) / determinant]
        let linear = AffineOperation(
            columns: (
                SIMD3(rows[0].x, rows[1].x, rows[2].x), SIMD3(rows[0].y, rows[1].y, rows[2].y),
                SIMD3(rows[0].z, rows[1].z, rows[2].z)
            ), translation: .zero)
        return AffineOperation(columns: linear.columns, translation: -linear.rotate(translation))
    }

    /// The same operation with R to whole numbers where it is within 1e-6 of them, and the shift in [0, 1).
    package var withWholeRotation: AffineOperation {
        func whole(_ column: SIMD3<Double>) -> SIMD3<Double> {
            let rounded = column.rounded(.toNearestOrEven)
            return column.replacing(with: rounded, where: magnitudes(column - rounded) .< 1e-6) + 0
        }
        return AffineOperation(
            columns: (whole(columns.0), whole(columns.1), whole(columns.2)), translation: wrapped(translation))
    }

    /// ``withWholeRotation`` with a shift within 0.007 of a multiple of 1/24 set to it: for shifts that are known to be
    /// such multiples, as in tables and symbols.
    var tidied: AffineOperation {
        let steps = (24 * translation).rounded(.toNearestOrEven) / 24
        let shift = translation.replacing(with: steps, where: magnitudes(translation - steps) .< 0.007)
        return AffineOperation(columns: columns, translation: shift).withWholeRotation
    }

    /// All products of the generators modulo lattice translations, the identity first; nil beyond
    /// ``maximumGroupOrder`` or where a generator or product has no ``code``.
    package static func group(generatedBy generators: [AffineOperation]) -> [AffineOperation]? {
        var members = [AffineOperation.identity]
        guard let first = members[0].code, generators.allSatisfy({ $0.code != nil }) else { return nil }
        var codes: Set<Int> = [first]
        var next = 0
        while next < members.count {
            for generator in generators {
                let product = generator.after(members[next]).tidied
                guard let code = product.code else { return nil }
                guard codes.insert(code).inserted else { continue }
                members.append(product)
                guard members.count <= maximumGroupOrder else { return nil }
            }
            next += 1
        }
        return members
    }

    /// The operations without repetitions modulo lattice translations.
    /// - Parameter tolerance: of the components of shifts, fractional.
    package static func distinct(
        _ operations: [AffineOperation], within tolerance: Double = 2e-3
    ) -> [AffineOperation] {
        var found: [AffineOperation] = []
        var byRotation: [Int: [SIMD3<Double>]] = [:]
        for operation in operations {
            let key = operation.rotationKey
            guard !isListed(operation.translation, among: byRotation[key] ?? [], tolerance) else { continue }
            byRotation[key, default: []].append(operation.translation)
            found.append(operation)
        }
        return found
    }

    /// Whether distinct operations hold every product of two of them, modulo lattice translations.
    /// - Parameter tolerance: of the components of shifts, fractional.
    package static func isGroup(_ operations: [AffineOperation], within tolerance: Double = 2e-3) -> Bool {
        let byRotation = shiftsByRotation(operations)
        for left in operations {
            for right in operations {
                let product = left.after(right)
                guard isListed(product.translation, among: byRotation[product.rotationKey] ?? [], tolerance) else {
                    return false
                }
            }
        }
        return true
    }

    /// Operations that form a group but for the rounding of their shifts, as the group nearest to them.
    ///
    /// The shift of each is replaced by the mean of what its products with all others say it is, t(gh) - R(g) t(h) over
    /// h: shifts made in this way are those of a group exactly, and a third is a third however few decimals it had.
    /// - Complexity: O(n²) for n operations.
    package static func settled(_ operations: [AffineOperation]) -> [AffineOperation] {
        let byRotation = shiftsByRotation(operations)
        return operations.map { operation in
            var excess = SIMD3<Double>.zero
            for other in operations {
                let product = operation.after(other)
                let differences = (byRotation[product.rotationKey] ?? []).map {
                    nearestImage($0 - product.translation)
                }
                excess += differences.min { ($0 * $0).sum() < ($1 * $1).sum() } ?? .zero
            }
            return operation.shifted(by: excess / Double(operations.count))
        }
    }

    private static func shiftsByRotation(_ operations: [AffineOperation]) -> [Int: [SIMD3<Double>]] {
        Dictionary(grouping: operations, by: \.rotationKey).mapValues { $0.map(\.translation) }
    }

    private static func isListed(_ shift: SIMD3<Double>, among shifts: [SIMD3<Double>], _ tolerance: Double) -> Bool {
        shifts.contains { all(magnitudes(nearestImage($0 - shift)) .< tolerance) }
    }

    /// Tells whole-numbered rotations within ±10 apart.
    private var rotationKey: Int {
        var key = 0
        for column in [columns.0, columns.1, columns.2] {
            for axis in 0..<3 { key = 21 * key + Int(min(10, max(-10, column[axis].rounded()))) }
        }
        return key
    }
}

/// The magnitude of each component.
package func magnitudes(_ x: SIMD3<Double>) -> SIMD3<Double> {
    x.replacing(with: -x, where: x .< 0)
}
