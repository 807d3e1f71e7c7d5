import CrystalFixtures
import Crystals
import Testing

struct CrystalStructureTests {
    struct Geometry: Decodable {
        struct Site: Decodable {
            var wyckoff: Int
            var atomicNumber: Int
            var xyz: [Double]
            var orbit: [[Double]]
            var rawXyz: [Double]
            var projectedXyz: [Double]

            private enum CodingKeys: String, CodingKey {
                case xyz, orbit, rawXyz, projectedXyz
                case wyckoff = "W"
                case atomicNumber = "A"
            }
        }
        var id: Int
        var group: Int
        var sites: [Site]
        var latticeIn: [Double]
        var latticeSymmetrized: [Double]
        var numAtoms: Int
        var volume: Double
        var cell: [[Double]]
        var atomicNumbers: [Int]

        private enum CodingKeys: String, CodingKey {
            case id, sites, latticeIn, latticeSymmetrized, numAtoms, volume, cell, atomicNumbers
            case group = "G"
        }
    }

    @Test func structure_ofRealCrystals_isTheReference() throws {
        for item in try Fixture.decode([Geometry].self, "policy/geometry.json") {
            let group = try #require(SpaceGroup(number: item.group))
            let lattice = group.symmetrize(LatticeParameters(values: item.latticeIn))
            #expect(zip(lattice.values, item.latticeSymmetrized).allSatisfy { ($0 - $1).magnitude < 1e-9 })
            let sites = try item.sites.map {
                Crystal.Site(
                    wyckoff: $0.wyckoff, element: try #require(Element(atomicNumber: $0.atomicNumber)),
                    position: SIMD3($0.xyz))
            }
            let inputs = try Fixture.decode(PolicyCrystal.File.self, "policy/inputs.json").crystals[item.id]
            let crystal = Crystal(
                spaceGroup: group, sites: sites, lattice: LatticeParameters(values: inputs.lattice))
            let structure = try crystal.structure()
            #expect(structure.atomCount == item.numAtoms)
            #expect(crystal.atomCount == item.numAtoms)
            #expect((structure.cell.volume - item.volume).magnitude < 1e-6 * item.volume)
            for (vector, expected) in zip([structure.cell.a, structure.cell.b, structure.cell.c], item.cell) {
                #expect(((vector - SIMD3(expected)) * (vector - SIMD3(expected))).sum() < 1e-10)
            }
            #expect(structure.elements.map(\.atomicNumber) == item.atomicNumbers)
            for (index, site) in item.sites.enumerated() {
                let orbit = zip(structure.orbits ?? [], structure.fractionalCoordinates).filter { $0.0 == index }
                #expect(largestMismatch(orbit.map(\.1), site.orbit.map { SIMD3($0) }) < 1e-9)
                let position = try #require(group.position(wyckoff: site.wyckoff))
                #expect(largestMismatch([position.project(SIMD3(site.rawXyz))], [SIMD3(site.projectedXyz)]) < 1e-9)
            }
        }
    }

    @Test func structure_ofImpossibleCrystals_throws() throws {
        let group = try #require(SpaceGroup(number: 1))
        let site = Crystal.Site(wyckoff: 1, element: try #require(Element(symbol: "Si")), position: .zero)
        func error(_ lattice: [Double], sites: [Crystal.Site]) -> CrystalError? {
            do throws(CrystalError) {
                _ = try Crystal(spaceGroup: group, sites: sites, lattice: LatticeParameters(values: lattice))
                    .structure()
                return nil
            } catch {
                return error
            }
        }
        for lattice in [
            [-1, 1, 1, 90, 90, 90], [1, 1, 1, 60, 60, 120.1], [1, 1, 1, 90, 180, 90], [0, 1, 1, 90, 90, 90],
        ] {
            #expect(error(lattice, sites: [site]) == .impossibleLattice(LatticeParameters(values: lattice)))
        }
        for value in [Double.nan, .infinity] {
            guard case .latticeNotFinite = error([1, 1, value, 90, 90, 90], sites: [site]) else {
                Issue.record("accepted \(value)")
                continue
            }
        }
        let unit = [4.0, 4, 4, 90, 90, 90]
        #expect(error(unit, sites: []) == .noAtoms)
        var wrong = site
        wrong.wyckoff = 2
        #expect(
            error(unit, sites: [wrong]) == .unknownWyckoffPosition(spaceGroup: 1, index: 2, available: 1))
        wrong = site
        wrong.position.y = .nan
        #expect(error(unit, sites: [wrong]) == .positionNotFinite(site: 0))
    }

    @Test func cell_toParametersAndBack_isTheSame() throws {
        let lattice = LatticeParameters(a: 3, b: 4, c: 5, alpha: 80, beta: 95, gamma: 110)
        let again = LatticeParameters(try lattice.cell())
        #expect(zip(lattice.values, again.values).allSatisfy { ($0 - $1).magnitude < 1e-9 })
        let cell = try lattice.cell()
        let point = SIMD3(0.1, -0.7, 2.3)
        let difference = cell.fractional(cell.cartesian(point)) - point
        #expect((difference * difference).sum() < 1e-20)
    }

    /// Tokens of the structure that tokens make give the same crystal again, up to the choice of origin and letters.
    @Test func symmetrySearch_ofRandomCrystalsOfEveryGroup_rebuildsThem() throws {
        let crystals =
            try Fixture.decode(PolicyCrystal.File.self, "policy/synthetic.json").crystals
            + Fixture.decode(PolicyCrystal.File.self, "policy/inputs.json").crystals
        for item in crystals where item.numAtoms <= 150 {
            let crystal = try #require(item.crystal)
            let structure = try crystal.structure(cell: .primitive)
            guard closestPair(structure) > 0.3 else { continue }
            let found = try Crystal(structure: structure, angleTolerance: nil)
            let rebuilt = try found.structure(cell: .primitive)
            #expect(rebuilt.atomCount <= structure.atomCount && structure.atomCount % rebuilt.atomCount == 0)
            #expect(
                (rebuilt.cell.volume * Double(structure.atomCount / rebuilt.atomCount) / structure.cell.volume - 1)
                    .magnitude < 1e-6)
            let ratio = Double(structure.atomCount / rebuilt.atomCount)
            #expect(rebuilt.composition.amounts.mapValues { $0 * ratio } == structure.composition.amounts)
            let (left, right) = (shellSums(structure), shellSums(rebuilt))
            #expect(zip(left, right).allSatisfy { ($0 - $1).magnitude < 1e-4 * (1 + $0.magnitude) }, "\(item.id)")
            for site in found.sites {
                let position = try #require(found.spaceGroup.position(wyckoff: site.wyckoff))
                #expect(largestMismatch([position.project(site.position)], [site.position]) < 1e-9)
            }
        }
    }
}
