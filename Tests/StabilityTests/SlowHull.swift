import Crystals
import Stability

/// The hull by its definition, for tests: every set of as many entries as elements that encloses the composition is
/// tried.
struct SlowHull {
    let elements: [Element]
    let entries: [ComputedEntry]

    /// eV/atom; nil if no set of entries encloses the composition.
    func energyPerAtom(of composition: Composition) -> Double? {
        let target = elements.map { composition.fraction(of: $0) }
        var best: Double?
        var chosen: [ComputedEntry] = []
        func descend(from start: Int) {
            if chosen.count == elements.count {
                guard let shares = shares(of: target, in: chosen), shares.allSatisfy({ $0 > -1e-12 }) else { return }
                let energy = zip(shares, chosen).reduce(0) { $0 + $1.0 * $1.1.energyPerAtom }
                best = min(best ?? .infinity, energy)
                return
            }
            for index in start..<max(start, entries.count) {
                chosen.append(entries[index])
                descend(from: index + 1)
                chosen.removeLast()
            }
        }
        descend(from: 0)
        return best
    }

    /// Solves for the weights of the entries by elimination; nil if their compositions are not independent.
    private func shares(of target: [Double], in chosen: [ComputedEntry]) -> [Double]? {
        let count = elements.count
        var rows = elements.indices.map { row in
            chosen.map { $0.composition.fraction(of: elements[row]) } + [target[row]]
        }
        for pivot in 0..<count {
            guard let largest = (pivot..<count).max(by: { abs(rows[$0][pivot]) < abs(rows[$1][pivot]) }),
                abs(rows[largest][pivot]) > 1e-10
            else { return nil }
            rows.swapAt(pivot, largest)
            for row in 0..<count where row != pivot {
                let factor = rows[row][pivot] / rows[pivot][pivot]
                for column in pivot...count { rows[row][column] -= factor * rows[pivot][column] }
            }
        }
        return (0..<count).map { rows[$0][count] / rows[$0][$0] }
    }
}
