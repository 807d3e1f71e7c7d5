import Base
import CrystalFixtures
import Crystals
import Foundation
import Matching

/// A pair of structures and what pymatgen says of it.
struct MatchingPair: Decodable, Sendable {
    struct Atoms: Decodable, Sendable {
        var lattice: [[Double]]
        var species: [String]
        var fracCoords: [[Double]]

        var structure: Structure {
            Structure(
                cell: Cell(a: SIMD3(lattice[0]), b: SIMD3(lattice[1]), c: SIMD3(lattice[2])),
                elements: species.compactMap { Element(symbol: $0) },
                fractionalCoordinates: fracCoords.map { SIMD3($0) })
        }
    }

    var id: String
    var kind: String
    var a: Atoms
    var b: Atoms
    var fit: Bool
    /// Root mean square and largest distance.
    var rms: [Double]?
    var fitReversed: Bool
    var nSitesReduced: [Int]
    var robust: Bool

    /// The pairs of the fixtures.
    static let fixture = try? Fixture.decode([MatchingPair].self, "physics/matcher/pairs.json")
    static let random = { () -> [MatchingPair]? in
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (try? CompressedFile.read(Fixture.url("matcher-random/pairs.json.gz"))).flatMap {
            try? decoder.decode([MatchingPair].self, from: $0)
        }
    }()
    static let all = (fixture ?? []) + (random ?? [])
}

extension Structure {
    /// The same crystal, its vectors combined, in another orientation, at another origin, with its atoms in another
    /// order.
    func redescribed(_ generator: inout Philox) -> Structure {
        var cell = self.cell
        var positions = fractionalCoordinates
        for _ in 0..<3 {
            // a' = a + b, so that x a + y b = x a' + (y - x) b.
            cell = Cell(a: cell.a + cell.b, b: cell.b, c: cell.c)
            positions = positions.map { SIMD3($0.x, $0.y - $0.x, $0.z) }
            // The vectors in turn.
            cell = Cell(a: cell.b, b: cell.c, c: cell.a)
            positions = positions.map { SIMD3($0.y, $0.z, $0.x) }
        }
        let angle = generator.uniform() * 6
        let (c, s) = (cos(angle), sin(angle))
        func turned(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(c * v.x - s * v.y, v.z, s * v.x + c * v.y) }
        cell = Cell(a: turned(cell.a), b: turned(cell.b), c: turned(cell.c))
        let shift = SIMD3(generator.uniform(), generator.uniform(), generator.uniform())
        let order = elements.indices.shuffled(using: &generator)
        return Structure(
            cell: cell, elements: order.map { elements[$0] },
            fractionalCoordinates: order.map { positions[$0] + shift })
    }

    /// The same crystal in a cell of twice the length.
    var doubled: Structure {
        Structure(
            cell: Cell(a: cell.a, b: cell.b, c: 2 * cell.c), elements: elements + elements,
            fractionalCoordinates: [0.0, 1].flatMap { step in
                fractionalCoordinates.map { SIMD3($0.x, $0.y, ($0.z + step) / 2) }
            })
    }

    /// Rock salt of some elements, the conventional cell.
    static func rockSalt(_ cation: String, _ anion: String, length: Double = 5.64) -> Structure {
        let corners = [SIMD3(0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)]
        let elements = [cation, anion].flatMap { Array(repeating: Element(symbol: $0), count: 4) }
        return Structure(
            cell: Cell(a: SIMD3(length, 0, 0), b: SIMD3(0, length, 0), c: SIMD3(0, 0, length)),
            elements: elements.compactMap { $0 },
            fractionalCoordinates: corners + corners.map { $0 + SIMD3(0.5, 0.5, 0.5) })
    }
}
