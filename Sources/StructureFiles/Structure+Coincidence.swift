import Crystals

extension Structure {
    /// Atoms of a list of the whole cell that are closer than this, Å, are one atom listed twice.
    static let coincidenceDistance = 0.02

    /// Two atoms of the cell that all but coincide, and their distance in Å; nil if there are none.
    ///
    /// - Parameter limit: Å; atoms closer than this coincide.
    /// - Complexity: O(*n* log *n*) where few atoms share a plane.
    func coincidingAtoms(
        closerThan limit: Double = Structure.coincidenceDistance
    ) -> (first: Int, second: Int, distance: Double)? {
        let volume = cell.volume
        let normal = cross(cell.b, cell.c)
        let height = volume / (normal * normal).sum().squareRoot()
        guard volume > 0, height.isFinite, height > 0 else { return nil }
        let points = fractionalCoordinates.map { wrapped($0) }
        let order = points.indices.sorted { (points[$0].x, $0) < (points[$1].x, $1) }
        let window = limit / height
        var found: (first: Int, second: Int, distance: Double)?
        for (rank, i) in order.enumerated() {
            // Up the first axis and on through the next cell, as far as the window reaches.
            for step in 1..<max(1, order.count) {
                let next = rank + step
                let j = order[next % order.count]
                let gap = points[j].x - points[i].x + (next < order.count ? 0 : 1)
                guard gap <= window else { break }
                let distance = cell.length(nearestImage(points[j] - points[i]))
                guard distance < limit else { continue }
                let (first, second) = (min(i, j), max(i, j))
                if found.map({ (first, second) < ($0.first, $0.second) }) ?? true { found = (first, second, distance) }
            }
        }
        return found
    }

    /// Refuses atoms that all but coincide.
    /// - Throws: ``StructureFileError/malformed(format:line:reason:)``.
    func requireSeparateAtoms(format: String, line: Int?) throws(StructureFileError) {
        guard let pair = coincidingAtoms() else { return }
        throw .malformed(
            format: format, line: line,
            reason: "\(name(ofAtom: pair.first)) and \(name(ofAtom: pair.second)) are on one site "
                + "(\(DistanceText.text(pair.distance)) Å apart, lattice vectors set aside): take one out")
    }
}

/// Distances for messages.
enum DistanceText {
    /// Two decimals.
    static func text(_ distance: Double) -> String {
        let hundredths = Int((100 * distance).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
