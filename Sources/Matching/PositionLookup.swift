import Crystals

/// Positions sorted along the first vector, to find those near to another one.
struct PositionLookup {
    /// In [0, 1), by ascending x.
    private let positions: [SIMD3<Double>]

    init(_ positions: [SIMD3<Double>]) {
        self.positions = positions.map { wrapped($0) }.sorted { $0.x < $1.x }
    }

    /// Whether a position is, but for whole numbers, nearer than a limit along each vector.
    ///
    /// - Complexity: O(log n) and the positions that are near along the first vector.
    func hasPosition(near point: SIMD3<Double>, closerThan limit: SIMD3<Double>) -> Bool {
        let count = positions.count
        let point = wrapped(point)
        let start = point.x - limit.x - Self.margin
        var index = firstIndex(from: start - start.rounded(.down))
        // What lies below the window's start by less than one comes after all others.
        let width = 2 * (limit.x + Self.margin)
        for _ in 0..<count {
            if index == count { index = 0 }
            let step = positions[index].x - start
            if step - step.rounded(.down) > width, width < 1 { return false }
            let x = positions[index] - point
            let difference = x - nearestWhole(x)
            if difference.x.magnitude < limit.x, difference.y.magnitude < limit.y, difference.z.magnitude < limit.z {
                return true
            }
            index += 1
        }
        return false
    }

    /// The first position of at least some x.
    private func firstIndex(from x: Double) -> Int {
        var (low, high) = (0, positions.count)
        while low < high {
            let middle = (low + high) / 2
            if positions[middle].x < x { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Against rounding.
    private static let margin = 1e-9
}
