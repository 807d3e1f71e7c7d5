internal import Crystals

/// Atoms sorted into boxes along the cell vectors, so that those near to one are found without a look at all others.
///
/// Boxes are about half the distance high, fewer where there would be many more of them than atoms. The work for all
/// atoms is linear in their number at a given density, in needles and plates too.
struct NeighborCells {
    /// How many boxes lie along each cell vector.
    private let counts: [Int]
    /// How many boxes in either direction the distance reaches; all, if that is not less.
    private let reaches: [Int]
    /// The box of each atom along each vector.
    private let places: [[Int]]
    /// The atoms, box by box; within a box in ascending order.
    private var members: [Int]
    /// The first member of each box, and the number of atoms.
    private var starts: [Int]

    /// Nil where looking at all atoms is as good.
    ///
    /// - Parameters:
    ///   - positions: in cell vectors, each in 0...1.
    ///   - cell: reduced.
    ///   - distance: Å.
    init?(positions: [SIMD3<Double>], cell: Cell, distance: Double) {
        guard positions.count >= NeighborCells.fewestAtoms else { return nil }
        let volume = cell.volume
        let heights = [(cell.b, cell.c), (cell.c, cell.a), (cell.a, cell.b)].map { volume / cross($0, $1).length }
        var counts = heights.map { Int(max(1, min(2 * $0 / distance, 1e6))) }
        while counts.reduce(1, *) > 4 * positions.count {
            // invariant: three counts.
            guard let most = counts.indices.max(by: { counts[$0] < counts[$1] }) else { return nil }
            counts[most] = (counts[most] + 1) / 2
        }
        // A little more than the distance, against rounding.
        let reach = distance * 1.000001 + 1e-9
        reaches = zip(counts, heights).map { count, height in Int(reach / height * Double(count)) + 1 }
        let share = zip(counts, reaches).reduce(1) { share, axis in
            share * min(1, Double(2 * axis.1 + 1) / Double(axis.0))
        }
        guard share < NeighborCells.largestShare else { return nil }
        self.counts = counts
        places = (0..<3).map { axis in
            positions.map { Int($0[axis] * Double(counts[axis])) % counts[axis] }
        }
        starts = [Int](repeating: 0, count: counts.reduce(1, *) + 1)
        members = [Int](repeating: 0, count: positions.count)
        for atom in positions.indices { starts[box(of: atom) + 1] += 1 }
        for box in 1..<starts.count { starts[box] += starts[box - 1] }
        var next = starts
        for atom in positions.indices {
            members[next[box(of: atom)]] = atom
            next[box(of: atom)] += 1
        }
    }

    /// Below this number of atoms, all pairs are looked at.
    private static let fewestAtoms = 32
    /// Where boxes within reach hold more than this share of the atoms, sorting them costs more than it saves.
    private static let largestShare = 0.4

    private func box(of atom: Int) -> Int { box(places[0][atom], places[1][atom], places[2][atom]) }

    private func box(_ x: Int, _ y: Int, _ z: Int) -> Int { (x * counts[1] + y) * counts[2] + z }

    /// The atoms from number `atom` on that may be near to it, itself included, in ascending order.
    func candidates(from atom: Int, into result: inout [Int]) {
        result.removeAll(keepingCapacity: true)
        forEachBox(0, around: atom) { x in
            forEachBox(1, around: atom) { y in
                forEachBox(2, around: atom) { z in
                    let box = box(x, y, z)
                    for member in members[starts[box]..<starts[box + 1]] where member >= atom {
                        result.append(member)
                    }
                }
            }
        }
        result.sort()
    }

    /// Calls `body` once for each box within reach along an axis.
    private func forEachBox(_ axis: Int, around atom: Int, _ body: (Int) -> Void) {
        let (count, reach) = (counts[axis], reaches[axis])
        if 2 * reach + 1 >= count {
            for box in 0..<count { body(box) }
            return
        }
        for step in -reach...reach {
            let box = places[axis][atom] + step
            body(box < 0 ? box + count : box >= count ? box - count : box)
        }
    }
}

private func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
}
