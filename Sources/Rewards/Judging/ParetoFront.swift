/// The best of what a run has made when several aims count at once: points that no other point dominates.
///
/// All aims are to be high. A point dominates another that is nowhere higher and somewhere lower. The hypervolume is
/// that of the region that the points dominate above a reference point (Zitzler and Thiele, 1998).
package struct ParetoFront: Codable, Sendable, Hashable {
    /// The most points that are kept: beyond it the one goes that contributes least, of equals the last.
    static let capacity = 200
    /// The most aims: the time for a hypervolume grows with their number as a power of the points'.
    package static let largestDimension = 4

    /// What no aim goes below.
    let reference: [Double]
    /// In the order in which they came, none dominated.
    package private(set) var points: [[Double]] = []

    /// - Parameter reference: the lower bound of each aim.
    package init(reference: [Double]) { self.reference = reference }

    /// Whether a point is nowhere lower and somewhere higher than another.
    static func dominates(_ point: [Double], _ other: [Double]) -> Bool {
        var isHigher = false
        for (a, b) in zip(point, other) {
            if a < b { return false }
            if a > b { isHigher = true }
        }
        return isHigher
    }

    /// The volume above the reference point that the points dominate, in the product of the aims' units.
    package var hypervolume: Double { Self.hypervolume(of: points, above: reference) }

    /// What a point would add to the hypervolume.
    func contribution(of point: [Double]) -> Double {
        let own = zip(point, reference).reduce(1) { $0 * max(0, $1.0 - $1.1) }
        let shared = points.map { other in zip(other, point).map { min($0, $1) } }
        return max(0, own - Self.hypervolume(of: Self.nondominated(shared), above: reference))
    }

    /// Takes in a point if none dominates or equals it; those that it dominates go.
    package mutating func add(_ point: [Double]) {
        Self.insert(point, into: &points)
        if points.count > Self.capacity { removeLeast() }
    }

    private mutating func removeLeast() {
        let contributions = points.indices.map { index in
            var others = self
            others.points.remove(at: index)
            return others.contribution(of: points[index])
        }
        guard let least = contributions.min(), let index = contributions.lastIndex(of: least) else { return }
        points.remove(at: index)
    }

    /// The rank of each point among all of them and those of the front: 1 where none dominates it, then what only
    /// points of rank 1 dominate, and so on (non-dominated sorting, Deb et al. 2002).
    func ranks(of batch: [[Double]]) -> [Int] {
        let all = batch + points
        var below = all.map { _ in [Int]() }
        var above = all.map { _ in 0 }
        for first in all.indices {
            for second in all.indices where Self.dominates(all[first], all[second]) {
                below[first].append(second)
                above[second] += 1
            }
        }
        var ranks = all.map { _ in 0 }
        var (rank, layer) = (1, all.indices.filter { above[$0] == 0 })
        while !layer.isEmpty {
            var next: [Int] = []
            for index in layer {
                ranks[index] = rank
                for other in below[index] {
                    above[other] -= 1
                    if above[other] == 0 { next.append(other) }
                }
            }
            (rank, layer) = (rank + 1, next)
        }
        return Array(ranks.prefix(batch.count))
    }

    /// The rewards of a batch: 1 / rank, and for what the front lacks, what the point adds to the hypervolume over what
    /// the best of the batch adds.
    func rewards(of batch: [[Double]]) -> [Double] {
        let contributions = batch.map(contribution)
        let largest = contributions.max() ?? 0
        return zip(ranks(of: batch), contributions).map { rank, contribution in
            1 / Double(rank) + (largest > 0 ? contribution / largest : 0)
        }
    }

    /// Takes in a point if none dominates or equals it; those that it dominates go.
    private static func insert(_ point: [Double], into front: inout [[Double]]) {
        guard !front.contains(where: { $0 == point || dominates($0, point) }) else { return }
        front.removeAll { dominates(point, $0) }
        front.append(point)
    }

    private static func nondominated(_ points: [[Double]]) -> [[Double]] {
        points.reduce(into: []) { insert($1, into: &$0) }
    }

    /// By slices along the last aim (Zitzler 2001): between two heights the volume is the area of the points above.
    static func hypervolume(of points: [[Double]], above reference: [Double]) -> Double {
        let inside = points.filter { point in zip(point, reference).allSatisfy { $0 > $1 } }
        guard let last = reference.last, !inside.isEmpty else { return 0 }
        guard reference.count > 1 else { return (inside.compactMap(\.last).max() ?? last) - last }
        let sorted = inside.sorted { ($0.last ?? last) > ($1.last ?? last) }
        let below = Array(reference.dropLast())
        var volume = 0.0
        var slice: [[Double]] = []
        for (index, point) in sorted.enumerated() {
            insert(Array(point.dropLast()), into: &slice)
            let bottom = index + 1 < sorted.count ? sorted[index + 1].last ?? last : last
            let thickness = (point.last ?? last) - bottom
            if thickness > 0 { volume += thickness * hypervolume(of: slice, above: below) }
        }
        return volume
    }
}
