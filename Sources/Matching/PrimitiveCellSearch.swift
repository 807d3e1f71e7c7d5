import Base
import Crystals

/// Looks for a lattice of more points that maps the atoms of a cell onto each other, in the way and with the tolerance
/// of pymatgen's `get_primitive_structure`.
struct PrimitiveCellSearch {
    /// How far an atom may be from where a translation puts it, along each vector of the cell, Å.
    private static let tolerance = 0.25

    private let cell: Cell
    /// The atoms of each element, in alphabetical order of the symbols.
    private let groups: [(element: Element, positions: [SIMD3<Double>])]
    /// The tolerance in units of the cell's vectors.
    private let tolerance: SIMD3<Double>

    init(_ arrangement: AtomicArrangement) {
        cell = arrangement.cell
        var positions: [Element: [SIMD3<Double>]] = [:]
        for (element, position) in zip(arrangement.elements, arrangement.positions) {
            positions[element, default: []].append(position)
        }
        groups = positions.sorted { $0.key.symbol < $1.key.symbol }.map { (element: $0.key, positions: $0.value) }
        tolerance = Self.fractions(of: arrangement.cell)
    }

    /// The arrangement in the first smaller cell that fits, lattices of few points first; nil if there is none.
    func smallerCell() -> AtomicArrangement? {
        let formulaUnits = groups.reduce(0) { greatestCommonDivisor($0, $1.positions.count) }
        guard formulaUnits > 1 else { return nil }
        let translations = self.translations
        guard !translations.isEmpty else { return nil }
        let lookup = PositionLookup(translations)
        for superlattice in SuperlatticeSequence(
            largestIndex: formulaUnits,
            isTranslation: { vector in
                lookup.hasPosition(near: vector, closerThan: tolerance)
            })
        {
            if let found = arrangement(in: superlattice) { return found }
        }
        return nil
    }

    /// Differences between atoms of the rarest element that bring each atom near to another of its element.
    private var translations: [SIMD3<Double>] {
        let byCount = groups.indices.sorted { (groups[$0].positions.count, $0) < (groups[$1].positions.count, $1) }
        guard let rarest = byCount.first.map({ groups[$0].positions }) else { return [] }
        var candidates = rarest.map { $0 - rarest[0] }
        // Both the candidate and the other vector are approximate.
        let reach = 2 * tolerance
        for group in byCount {
            let positions = groups[group].positions
            let lookup = PositionLookup(positions)
            for position in positions where candidates.count > 1 {
                candidates.removeAll { !lookup.hasPosition(near: position + $0, closerThan: reach) }
            }
        }
        return candidates
    }

    /// The arrangement in the cell whose vectors are a lattice's; nil if the lattice does not map the atoms onto each
    /// other.
    private func arrangement(in superlattice: Superlattice) -> AtomicArrangement? {
        let vectors = superlattice.matrix.inverse
        let smallCell = vectors.applied(to: cell)
        let smallTolerance = Self.fractions(of: smallCell)
        var result = AtomicArrangement(cell: smallCell, elements: [], positions: [])
        for (_, positions) in groups {
            guard hasPartners(positions, superlattice, tolerance: smallTolerance) else { return nil }
        }
        for (element, positions) in groups {
            let images = positions.map { superlattice.matrix.combined($0) }
            guard
                let merged = merge(
                    positions, images: images, tolerance: smallTolerance, size: superlattice.index)
            else { return nil }
            result.elements += Array(repeating: element, count: merged.count)
            result.positions += merged
        }
        return result
    }

    /// Whether the first atom of an element has as many partners in the smaller cell as it must; most lattices fail
    /// here.
    private func hasPartners(
        _ positions: [SIMD3<Double>], _ superlattice: Superlattice, tolerance small: SIMD3<Double>
    ) -> Bool {
        guard let first = positions.first else { return false }
        let (image, reach) = (superlattice.matrix.combined(first), 2 * tolerance)
        var count = 1
        for position in positions.dropFirst()
        where Self.isNear(superlattice.matrix.combined(position) - image, small)
            && !Self.isWithin(position - first, reach)
        {
            count += 1
        }
        return count == superlattice.index
    }

    /// The mean positions of the groups that atoms of an element form in the smaller cell; nil if these are no groups
    /// of `size` atoms, each near to all others there, none near to another in the larger cell.
    private func merge(
        _ positions: [SIMD3<Double>], images: [SIMD3<Double>], tolerance small: SIMD3<Double>, size: Int
    ) -> [SIMD3<Double>]? {
        let reach = 2 * tolerance
        func isPartner(_ i: Int, _ j: Int) -> Bool {
            Self.isNear(images[j] - images[i], small)
                && (i == j || !Self.isWithin(positions[j] - positions[i], reach))
        }
        var partners: [[Int]] = []
        for i in positions.indices {
            let group = positions.indices.filter { isPartner(i, $0) }
            guard group.count == size else { return nil }
            partners.append(group)
        }
        guard partners.allSatisfy({ group in group.allSatisfy { partners[$0] == group } }) else { return nil }
        var merged: [SIMD3<Double>] = []
        for (index, group) in partners.enumerated() where group.first == index {
            var mean = wrapped(images[index])
            for (number, other) in group.dropFirst().enumerated() {
                mean += nearestImage(wrapped(images[other]) - mean) / Double(number + 2)
            }
            merged.append(mean)
        }
        return merged
    }

    /// The tolerance in units of a cell's vectors.
    private static func fractions(of cell: Cell) -> SIMD3<Double> {
        func length(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }
        return tolerance / SIMD3(length(cell.a), length(cell.b), length(cell.c))
    }

    /// Whether a difference is, but for whole numbers, below a limit along each vector.
    private static func isNear(_ difference: SIMD3<Double>, _ limit: SIMD3<Double>) -> Bool {
        let x = difference - nearestWhole(difference)
        return x.x.magnitude < limit.x && x.y.magnitude < limit.y && x.z.magnitude < limit.z
    }

    /// The same, the limit included.
    private static func isWithin(_ difference: SIMD3<Double>, _ limit: SIMD3<Double>) -> Bool {
        let x = difference - nearestWhole(difference)
        return x.x.magnitude <= limit.x && x.y.magnitude <= limit.y && x.z.magnitude <= limit.z
    }
}
