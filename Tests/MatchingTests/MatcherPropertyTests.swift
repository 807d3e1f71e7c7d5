import Base
import Crystals
import Foundation
import Matching
import Testing

@Suite struct MatcherPropertyTests {
    private let matcher = StructureMatcher()

    /// Every structure of the fixture of few atoms, in the cell given.
    private static let structures = (MatchingPair.fixture ?? []).prefix(80).map(\.a.structure).filter {
        $0.atomCount <= 24
    }

    @Test func fit_ofACrystalDescribedAnew_isAMatch() throws {
        var generator = Philox(seed: 5, domain: .testing)
        for structure in Self.structures {
            let reduced = try ReducedStructure(structure)
            for other in [structure.redescribed(&generator), structure.doubled] {
                let redescribed = try ReducedStructure(other)
                #expect(redescribed.atomCount == reduced.atomCount)
                #expect(matcher.fit(reduced, redescribed) && matcher.fit(redescribed, reduced))
                #expect(try #require(matcher.rmsDistance(reduced, redescribed)).rms < 1e-5)
                #expect(reduced.fingerprint.mayMatch(redescribed.fingerprint, tolerances: matcher.tolerances))
            }
        }
    }

    @Test func fit_ofTheMirrorImageAndOfAnotherVolume_isAMatch() throws {
        for structure in Self.structures {
            var other = structure
            func mirrored(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(v.x, v.y, -v.z) * 1.3 }
            other.cell = Cell(a: mirrored(other.cell.a), b: mirrored(other.cell.b), c: mirrored(other.cell.c))
            #expect(try matcher.fit(structure, other))
        }
    }

    @Test func fit_ofOtherElementsOrStructure_isNone() throws {
        #expect(try !matcher.fit(.rockSalt("Na", "Cl"), .rockSalt("Na", "Br")))
        // Zinc blende has the formula and the lattice of rock salt.
        var zincBlende = Structure.rockSalt("Na", "Cl")
        for atom in 4..<8 { zincBlende.fractionalCoordinates[atom] -= SIMD3(0.25, 0.25, 0.25) }
        #expect(try !matcher.fit(.rockSalt("Na", "Cl"), zincBlende))
        #expect(try matcher.fit(.rockSalt("Na", "Cl"), .rockSalt("Cl", "Na")))
    }

    /// A check of what was rebuilt: it refuses other crystals, and passes what it cannot tell.
    @Test func rebuilt_isAllowedUnlessItIsAnotherCrystal() throws {
        let salt = Structure.rockSalt("Na", "Cl")
        #expect(try matcher.allows(salt, asRebuilt: salt.doubled))
        var zincBlende = salt
        for atom in 4..<8 { zincBlende.fractionalCoordinates[atom] -= SIMD3(0.25, 0.25, 0.25) }
        #expect(try !matcher.allows(zincBlende, asRebuilt: salt))
        // One atom moved by more than the reduction tolerates: a cell of eight atoms beside one of two.
        var moved = salt
        moved.fractionalCoordinates[7].x += 0.1
        #expect(try ReducedStructure(moved).atomCount != ReducedStructure(salt).atomCount)
        #expect(try matcher.allows(moved, asRebuilt: salt))
        let large = Structure(
            cell: salt.cell, elements: Array(repeating: salt.elements[0], count: 1001),
            fractionalCoordinates: (0..<1001).map { SIMD3(Double($0) / 1001, 0, 0) })
        #expect(try matcher.allows(large, asRebuilt: large))
        var flat = salt
        flat.cell = Cell(a: salt.cell.a, b: salt.cell.b, c: salt.cell.b)
        #expect(throws: MatchingError.self) { try matcher.allows(flat, asRebuilt: flat) }
    }

    @Test func tolerances_decideWhatIsAMatch() throws {
        var moved = Structure.rockSalt("Na", "Cl")
        moved.fractionalCoordinates[7].x += 0.08
        let (first, second) = (try ReducedStructure(.rockSalt("Na", "Cl")), try ReducedStructure(moved))
        // The moved atom keeps the cell from being reduced to two atoms.
        #expect(first.atomCount == 2 && second.atomCount == 8)
        #expect(!matcher.fit(first, second))
        // Among equal cells the distance decides.
        var further = moved
        further.fractionalCoordinates[7].x += 0.06
        let third = try ReducedStructure(further)
        #expect(matcher.fit(second, third))
        let distance = try #require(matcher.rmsDistance(second, third))
        #expect(distance.rms < distance.largest)
        #expect(!StructureMatcher(tolerances: .init(site: distance.largest * 0.99)).fit(second, third))
        #expect(StructureMatcher(tolerances: .init(site: distance.largest * 1.01)).fit(second, third))
        #expect(StructureMatcher(tolerances: .init(site: distance.rms * 0.99)).rmsDistance(second, third) == nil)
    }

    @Test func degenerateInput_isRefusedWithAReason() throws {
        let rockSalt = Structure.rockSalt("Na", "Cl")
        func error(_ change: (inout Structure) -> Void) -> MatchingError? {
            var structure = rockSalt
            change(&structure)
            do {
                _ = try ReducedStructure(structure)
                return nil
            } catch {
                return error
            }
        }
        #expect(error { $0.cell.c = .zero } == .cellWithoutVolume)
        #expect(error { $0.cell.c = $0.cell.a + $0.cell.b } == .cellWithoutVolume)
        #expect(error { $0.cell.c = $0.cell.a + 1e-9 } == .cellWithoutVolume)
        #expect(error { $0.cell.c = SIMD3(0, 0, 1e-5) } == .cellWithoutVolume)
        #expect(error { $0.cell.c = SIMD3(0, 0, 1e7) } == .cellWithoutVolume)
        #expect(error { $0.cell.c.x = .nan } == .notFinite)
        #expect(error { $0.cell.c = SIMD3(0, 0, 1e200) } != nil)
        #expect(error { $0.cell = Cell(a: SIMD3(1e-200, 0, 0), b: SIMD3(0, 1e-200, 0), c: SIMD3(0, 0, 1e-200)) } != nil)
        #expect(error { $0.fractionalCoordinates[2].y = .infinity } == .notFinite)
        #expect(
            error {
                $0 = Structure(cell: $0.cell, elements: [], fractionalCoordinates: [])
            } == .noAtoms)
        #expect(
            error {
                $0.elements = Array(repeating: $0.elements[0], count: 501)
                $0.fractionalCoordinates = Array(repeating: .zero, count: 501)
            } == .tooManyAtoms(count: 501, limit: 500))
    }

    @Test func coincidingAtomsAndFarCoordinates_areCompared() throws {
        var structure = Structure.rockSalt("Na", "Cl")
        for atom in structure.fractionalCoordinates.indices { structure.fractionalCoordinates[atom] = .zero }
        let reduced = try ReducedStructure(structure)
        #expect(matcher.fit(reduced, reduced))
        var far = Structure.rockSalt("Na", "Cl")
        for atom in far.fractionalCoordinates.indices { far.fractionalCoordinates[atom] += SIMD3(1e9, -1e9, 1e6) }
        #expect(try matcher.fit(far, .rockSalt("Na", "Cl")))
    }

    @Test func skewedCells_areReduced() throws {
        var skewed = Structure.rockSalt("Na", "Cl")
        // c' = c + 3000 a - 500 b
        skewed.cell.c += 3_000 * skewed.cell.a - 500 * skewed.cell.b
        skewed.fractionalCoordinates = skewed.fractionalCoordinates.map {
            SIMD3($0.x - 3_000 * $0.z, $0.y + 500 * $0.z, $0.z)
        }
        #expect(try ReducedStructure(skewed).atomCount == 2)
        #expect(try matcher.fit(skewed, .rockSalt("Na", "Cl")))
    }

    @Test func largeCells_areCompared() throws {
        // 216 atoms that form no smaller cell.
        var generator = Philox(seed: 11, domain: .testing)
        var large = Structure.rockSalt("Na", "Cl").doubled.doubled
        large = Structure(
            cell: Cell(a: large.cell.a, b: large.cell.b * 3, c: large.cell.c),
            elements: large.elements + large.elements + large.elements,
            fractionalCoordinates: (0..<3).flatMap { step in
                large.fractionalCoordinates.map { SIMD3($0.x, ($0.y + Double(step)) / 3, $0.z) }
            })
        func moved(by size: Double) -> Structure {
            var moved = large
            for atom in moved.fractionalCoordinates.indices {
                let shift = SIMD3(generator.uniform(), generator.uniform(), generator.uniform()) - 0.5
                moved.fractionalCoordinates[atom] += moved.cell.fractional(size * shift)
            }
            return moved
        }
        let base = moved(by: 1.5)
        large = base
        let near = moved(by: 0.2)
        let (first, second) = (try ReducedStructure(base), try ReducedStructure(near))
        #expect(first.atomCount == 96 && second.atomCount == 96)
        #expect(matcher.fit(first, second))
        #expect(try #require(matcher.rmsDistance(first, second)).rms < 0.06)
    }
}
