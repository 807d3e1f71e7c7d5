import Base
import Crystals
import Foundation
import Potentials
import Testing

@Suite struct NeighborListTests {
    /// All images in a box that surely holds the sphere, tried one by one.
    private func slowLengths(of structure: Structure, cutoff: Double) -> [[Double]] {
        let cell = structure.cell
        let volume = cell.volume
        let heights = [cross(cell.b, cell.c), cross(cell.c, cell.a), cross(cell.a, cell.b)].map {
            volume / ($0 * $0).sum().squareRoot()
        }
        let count = structure.atomCount
        var lengths = [[Double]](repeating: [], count: count * count)
        // Every image of a difference in -1/2...1/2 that can be within the cutoff, and many more.
        let ranges = heights.map { height in
            let reach = (cutoff / height + 0.5).rounded(.up)
            return Int(-reach)...Int(reach)
        }
        var images: [SIMD3<Double>] = []
        for n1 in ranges[0] {
            for n2 in ranges[1] {
                for n3 in ranges[2] { images.append(cell.cartesian(SIMD3(Double(n1), Double(n2), Double(n3)))) }
            }
        }
        let (x, y, z) = (images.map(\.x), images.map(\.y), images.map(\.z))
        for i in 0..<count {
            for j in 0..<count {
                let raw = structure.fractionalCoordinates[j] - structure.fractionalCoordinates[i]
                let difference = cell.cartesian(raw - raw.rounded(.toNearestOrEven))
                let (dx, dy, dz) = (difference.x, difference.y, difference.z)
                var image = 0
                while image < x.count {
                    let (vx, vy, vz) = (dx + x[image], dy + y[image], dz + z[image])
                    let squared = vx * vx + vy * vy + vz * vz
                    // Not an atom itself.
                    if squared <= cutoff * cutoff, i != j || squared > 0 {
                        lengths[i * count + j].append(squared.squareRoot())
                    }
                    image += 1
                }
            }
        }
        return lengths.map { $0.sorted() }
    }

    /// The lengths of the directed edges for each ordered pair of atoms.
    private func lengths(of list: NeighborList) -> [[Double]] {
        var lengths = [[Double]](repeating: [], count: list.atomCount * list.atomCount)
        for bond in 0..<list.bondCount {
            lengths[list.first[bond] * list.atomCount + list.second[bond]].append(list.lengths[bond])
            lengths[list.second[bond] * list.atomCount + list.first[bond]].append(list.lengths[bond])
        }
        return lengths.map { $0.sorted() }
    }

    private func isClose(_ left: [[Double]], _ right: [[Double]], tolerance: Double) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy { first, second in
                first.count == second.count && zip(first, second).allSatisfy { abs($0 - $1) < tolerance }
            }
    }

    /// Cells from needles to plates, left- and right-handed, coordinates outside the cell.
    private func randomStructure(_ seed: UInt64) -> Structure {
        var generator = Philox(seed: seed, domain: .testing)
        func number(_ low: Double, _ high: Double) -> Double { low + (high - low) * generator.uniform() }
        func vector(_ size: Double) -> SIMD3<Double> {
            size * SIMD3(number(-1, 1), number(-1, 1), number(-1, 1))
        }
        let cell = Cell(a: vector(number(1.5, 9)), b: vector(number(1.5, 9)), c: vector(number(1.5, 9)))
        if cell.volume < 3 { return randomStructure(seed + 1000) }
        let count = Int(number(1, 5))
        return Structure(
            cell: cell, elements: Array(repeating: Element(atomicNumber: 1), count: count).compactMap { $0 },
            fractionalCoordinates: (0..<count).map { _ in SIMD3(number(-3, 3), number(-3, 3), number(-3, 3)) })
    }

    @Test(arguments: 0..<30)
    func pairs_inAnyCell_areThoseOfTheSlowSearch(_ seed: UInt64) throws {
        let structure = randomStructure(seed)
        let list = try NeighborList(of: structure, cutoff: 5, maximumEdges: 100_000)
        #expect(isClose(lengths(of: list), slowLengths(of: structure, cutoff: 5), tolerance: 1e-9), "seed \(seed)")
        for bond in 0..<list.bondCount {
            let vector = list.vectors[bond]
            #expect(abs((vector * vector).sum().squareRoot() - list.lengths[bond]) < 1e-12)
        }
    }

    @Test(arguments: 0..<10)
    func pairs_inAFarFromReducedCell_areThoseOfTheReducedOne(_ seed: UInt64) throws {
        let structure = randomStructure(seed)
        var skewed = structure
        // b += 41 a, c -= 17 b, a += 5 c; coordinates change the other way.
        skewed.cell.b += 41 * skewed.cell.a
        skewed.cell.c -= 17 * skewed.cell.b
        skewed.cell.a += 5 * skewed.cell.c
        skewed.fractionalCoordinates = structure.fractionalCoordinates.map { f in
            var g = f
            g.x -= 41 * g.y
            g.y += 17 * g.z
            g.z -= 5 * g.x
            return g
        }
        let expected = try NeighborList(of: structure, cutoff: 5, maximumEdges: 100_000)
        let list = try NeighborList(of: skewed, cutoff: 5, maximumEdges: 100_000)
        #expect(isClose(lengths(of: list), lengths(of: expected), tolerance: 1e-7), "seed \(seed)")
    }

    /// Shapes that a search may get wrong: their cells as multiples of the cutoff, and atoms.
    private static let shapes: [(cell: [SIMD3<Double>], atoms: Int)] = [
        // Needles and plates with many atoms.
        ([SIMD3(0.5, 0, 0), SIMD3(0.1, 0.6, 0), SIMD3(0.2, 0.3, 60)], 120),
        ([SIMD3(0.4, 0.1, 0), SIMD3(0, 12, 1), SIMD3(0.1, 2, 14)], 150),
        // Skewed, so that reduction turns and mixes the vectors; left-handed.
        ([SIMD3(2, 0, 0), SIMD3(13.7, 1.8, 0), SIMD3(-8.1, 9.9, 1.6)], 80),
        ([SIMD3(0, 3.1, 0.2), SIMD3(3, 0.1, 0), SIMD3(0.2, 0, 3.3)], 90),
        // Much smaller than the cutoff.
        ([SIMD3(0.12, 0, 0), SIMD3(0.03, 0.12, 0), SIMD3(0, 0.02, 0.12)], 1),
        ([SIMD3(0.12, 0, 0), SIMD3(0, 2.5, 0), SIMD3(0, 0.3, 0.9)], 6),
        // Large and sparse: far more boxes than atoms.
        ([SIMD3(40, 0, 0), SIMD3(3, 40, 0), SIMD3(0, -5, 40)], 60),
        // Large and full.
        ([SIMD3(5.1, 0, 0), SIMD3(0.7, 4.9, 0), SIMD3(0.3, -0.9, 5.3)], 400),
    ]

    @Test(arguments: shapes.indices)
    func pairs_inManyAtoms_areThoseOfTheSlowSearch(_ shape: Int) throws {
        let (vectors, count) = Self.shapes[shape]
        var generator = Philox(seed: UInt64(shape), domain: .testing)
        let hydrogen = try #require(Element(symbol: "H"))
        let cutoff = 5.0
        let structure = Structure(
            cell: Cell(a: cutoff * vectors[0], b: cutoff * vectors[1], c: cutoff * vectors[2]),
            elements: Array(repeating: hydrogen, count: count),
            fractionalCoordinates: (0..<count).map { atom in
                // Some on the faces of the cell, where boxes meet.
                if atom % 7 == 0 { return SIMD3(0, atom % 2 == 0 ? 1 : -1e-17, generator.uniform()) }
                return SIMD3(generator.uniform(), 3 * generator.uniform() - 1, generator.uniform())
            })
        let list = try NeighborList(of: structure, cutoff: cutoff, maximumEdges: 2_000_000)
        #expect(list.bondCount > 0)
        var expected = slowLengths(of: structure, cutoff: cutoff)
        var found = lengths(of: list)
        // Of pairs at the cutoff, rounding decides.
        for pair in expected.indices {
            expected[pair].removeAll { $0 > cutoff - 1e-9 }
            found[pair].removeAll { $0 > cutoff - 1e-9 }
        }
        #expect(isClose(found, expected, tolerance: 1e-9))
        // The order is that of the atoms, whatever the search.
        let order = zip(list.first, list.second).map { $0 * count + $1 }
        #expect(zip(order, order.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func pairs_atExactlyTheCutoff_count() throws {
        let cell = Cell(a: SIMD3(3, 0, 0), b: SIMD3(0, 3, 0), c: SIMD3(0, 0, 3))
        let structure = Structure(
            cell: cell, elements: [Element(atomicNumber: 26)].compactMap { $0 },
            fractionalCoordinates: [SIMD3(0.1, 0, 0)])
        #expect(try NeighborList(of: structure, cutoff: 3, maximumEdges: 1000).bondCount == 3)
        #expect(try NeighborList(of: structure, cutoff: 6, maximumEdges: 1000).bondCount == 16)
    }

    @Test func pairs_upToTheLimit_areGiven() throws {
        let structure = randomStructure(3)
        let bonds = try NeighborList(of: structure, cutoff: 5, maximumEdges: 100_000).bondCount
        #expect(try NeighborList(of: structure, cutoff: 5, maximumEdges: 2 * bonds).bondCount == bonds)
        let limit = 2 * bonds - 2
        let error = PotentialError.tooManyNeighbours(
            .pairs, limit: limit, atoms: structure.atomCount, volume: structure.cell.volume)
        #expect(throws: error) { try NeighborList(of: structure, cutoff: 5, maximumEdges: limit) }
    }
}
