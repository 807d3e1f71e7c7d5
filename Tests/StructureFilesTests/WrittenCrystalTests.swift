import CrystalFixtures
import Crystals
import StructureFiles
import Testing

/// Crystals that people write as a space group, a lattice and sites.
@Suite struct WrittenCrystalTests {
    private func crystal(_ group: Int, _ lattice: String, _ sites: [(String, String, String)]) throws -> Crystal {
        let list = sites.map { "{\"wyckoff\":\"\($0)\",\"element\":\"\($1)\",\"position\":[\($2)]}" }
        let text = "{\"space_group\":\(group),\"lattice\":[\(lattice)],\"sites\":[\(list.joined(separator: ","))]}\n"
        let path = try temporaryFile(text, name: "crystal.jsonl")
        let entry = try #require(Array(try StructureReader.read(path: path)).first)
        return try entry.input.get().crystal()
    }

    private let spinelCell = "8.08,8.08,8.08,90,90,90"

    @Test func sitesOfTheOtherOrigin_areRefused_naming_whichAndHowFar() throws {
        let error = #expect(throws: StructureFileError.self) {
            try crystal(
                227, spinelCell,
                [("a", "Mg", "0,0,0"), ("d", "Al", "0.625,0.625,0.625"), ("e", "O", "0.387,0.387,0.387")])
        }
        let message = "\(try #require(error))"
        for part in ["site 1 (Mg)", "1.75 Å", "position a", "space group 227 (Fd-3m)", "origin choice 2"] {
            #expect(message.contains(part), "\(message)")
        }
        let spinel = try crystal(
            227, spinelCell,
            [("a", "Mg", "0.125,0.125,0.125"), ("d", "Al", "0.5,0.5,0.5"), ("e", "O", "0.262,0.262,0.262")])
        #expect(spinel.atomCount == 56)
    }

    @Test(arguments: [
        (14, "5,6,7,90,90,110"), (221, "4,4,4.1,90,90,90"), (166, "5,5,5,60,60,60"), (191, "4,5,6,90,90,120"),
    ])
    func latticesOfAnotherSetting_areRefused(group: Int, lattice: String) throws {
        let error = #expect(throws: StructureFileError.self) {
            try crystal(group, lattice, [("a", "Na", "0,0,0")])
        }
        let message = "\(try #require(error))"
        #expect(message.contains("none of space group \(group)") && message.contains("unique axis b"), "\(message)")
    }

    /// What decimals leave out is put back, and another point of the same orbit is the same site.
    @Test func roundedSitesAndTheirImages_areSettledOnTheFirstPoint() throws {
        let rounded = try crystal(191, "5,5.0004,6,90,90,120.01", [("c", "C", "0.3333,0.6667,0")])
        let position = try #require(rounded.sites.first).position
        #expect(length(position - SIMD3(1.0 / 3, 2.0 / 3, 0)) < 1e-12)
        #expect(rounded.lattice.values == [5, 5, 6, 90, 90, 120])
        let image = try crystal(227, spinelCell, [("a", "Mg", "0.875,0.375,0.3751")])
        #expect(image.sites.map(\.position) == [SIMD3(0.125, 0.125, 0.125)])
    }

    /// What is written and read is the same crystal to the bit.
    @Test func crystalsOfAPolicy_readBackAsTheyAre() throws {
        for item in try Fixture.decode(PolicyCrystal.File.self, "policy/inputs.json").crystals {
            let once = try #require(item.crystal).settled()
            let path = try temporaryFile(StructureWriter.jsonLine(once, id: "x"), name: "once.jsonl")
            let entry = try #require(Array(try StructureReader.read(path: path)).first)
            #expect(try entry.input.get().crystal() == once, "\(item.id)")
        }
    }

    private func length(_ x: SIMD3<Double>) -> Double { (x * x).sum().squareRoot() }
}
