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
        for i in 0..<count {
            for j in 0..<count {
                let difference = structure.fractionalCoordinates[j] - structure.fractionalCoordinates[i]
                let ranges = (0..<3).map { axis -> ClosedRange<Int> in
                    let reach = (cutoff / heights[axis]).rounded(.up) + 1
                    return Int(-reach - difference[axis].rounded(.up))...Int(reach - difference[axis].rounded(.down))
                }
                for n1 in ranges[0] {
                    for n2 in ranges[1] {
                        for n3 in ranges[2] where i != j || n1 != 0 || n2 != 0 || n3 != 0 {
                            let vector = cell.cartesian(difference + SIMD3(Double(n1), Double(n2), Double(n3)))
                            let length = (vector * vector).sum().squareRoot()
                            if length <= cutoff { lengths[i * count + j].append(length) }
                        }
                    }
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
