import CrystalFixtures
import Crystals
import Testing

struct SpaceGroupTests {
    struct Tables: Decodable {
        var multTable: [[Int]]
        var wmaxTable: [Int]
        var dof0Table: [[Int]]
        var fcMaskTable: [[[Int]]]
        var latticeMask: [[Int]]
        var firstPosition: [[String]]
        var op0: [[[[Double]]]]
    }

    @Test func tables_ofAllGroups_areTheReference() throws {
        let tables = try Fixture.decode(Tables.self, "policy/wyckoff_tables.json")
        for number in 1...230 {
            let group = try #require(SpaceGroup(number: number))
            let positions = group.wyckoffPositions
            #expect(positions.count == tables.wmaxTable[number - 1])
            #expect(group.freeLatticeParameters == tables.latticeMask[number - 1].map { $0 == 1 })
            #expect(group.position(wyckoff: 0) == nil)
            #expect(group.position(wyckoff: positions.count + 1) == nil)
            for index in 1...positions.count {
                let position = try #require(group.position(wyckoff: index))
                #expect(position.multiplicity == tables.multTable[number - 1][index])
                #expect(position.hasNoFreeCoordinate == (tables.dof0Table[number - 1][index] == 1))
                #expect(position.isFree == tables.fcMaskTable[number - 1][index].map { $0 == 1 })
                let expected = tables.op0[number - 1][index - 1]
                for row in 0..<3 {
                    #expect(position.representative.rows[row] == SIMD3(expected[row].prefix(3)))
                    #expect((position.representative.translation[row] - expected[row][3]).magnitude < 1e-12)
                }
                let text = tables.firstPosition[number - 1][index - 1].filter { $0 != " " }
                #expect(AffineOperation(triplet: text)?.code == position.representative.code)
            }
            #expect(group.operations.count == positions.last?.multiplicity)
        }
    }

    @Test func orbits_ofAllPositions_areTheReference() throws {
        let tensors = try FixtureTensors("policy/wyckoff_orbits.safetensors")
        let (groups, positions, counts) = (tensors["G"], tensors["W"], tensors["orbit_count"])
        let (raw, projected, orbits) = (
            tensors.points("raw"), tensors.points("projected"), tensors.points("orbit")
        )
        #expect(groups.count == 1731)
        var start = 0
        for index in groups.indices {
            let group = try #require(SpaceGroup(number: Int(groups[index])))
            let position = try #require(group.position(wyckoff: Int(positions[index])))
            let point = position.project(raw[index])
            #expect(largestMismatch([point], [projected[index]]) < 1e-9)
            #expect(point.min() >= 0 && point.max() < 1)
            let expected = Array(orbits[start..<start + Int(counts[index])])
            start += Int(counts[index])
            let site = Crystal.Site(
                wyckoff: position.index, element: try #require(Element(symbol: "Si")), position: projected[index])
            let crystal = Crystal(
                spaceGroup: group, sites: [site],
                lattice: LatticeParameters(a: 5, b: 6, c: 7, alpha: 80, beta: 95, gamma: 100))
            let structure = try crystal.structure()
            #expect(largestMismatch(structure.fractionalCoordinates, expected) < 1e-9)
            #expect(structure.orbits == [Int](repeating: 0, count: expected.count))
            let primitive = try crystal.structure(cell: .primitive)
            #expect(primitive.atomCount * group.centring.translations.count == structure.atomCount)
            #expect(
                (primitive.cell.signedVolume * Double(group.centring.translations.count)
                    / structure.cell.signedVolume - 1).magnitude < 1e-9)
        }
    }

    @Test func operations_ofEveryGroup_formAGroup() throws {
        for number in stride(from: 1, through: 230, by: 3) {
            let operations = try #require(SpaceGroup(number: number)).operations
            let codes = Set(operations.map(\.code))
            #expect(codes.count == operations.count && !codes.contains(nil))
            for left in operations.prefix(12) {
                for right in operations { #expect(codes.contains(left.after(right).code)) }
            }
        }
    }

    @Test func number_outOfRange_isNoGroup() {
        #expect(SpaceGroup(number: 0) == nil)
        #expect(SpaceGroup(number: 231) == nil)
        #expect(SpaceGroup(number: 225)?.symbol == "Fm-3m")
        #expect(SpaceGroup(number: 14)?.symbol == "P2_1/c")
    }

    @Test func letters_roundTrip() {
        for index in 1...27 { #expect(WyckoffPosition.index(letter: WyckoffPosition.letter(index: index)) == index) }
        #expect(WyckoffPosition.index(letter: "B") == nil)
        #expect(WyckoffPosition.index(letter: "") == nil)
    }

    @Test(arguments: [-1e-18, 0.999_999_999_999_999_9, -0.0, 3.25, -7.75])
    func wrapped_staysBelowOne(value: Double) {
        let x = wrapped(SIMD3(repeating: value))
        #expect(x.min() >= 0 && x.max() < 1)
    }
}
