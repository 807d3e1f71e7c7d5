import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

/// Numbers that stand beside structures.
@Suite struct StatedNumberTests {
    private func numbers(_ text: String, _ name: String) throws -> [[String: Result<Double, StructureFileError>]] {
        let path = try temporaryFile(text, name: name)
        return Array(try StructureReader.read(path: path, numbers: ["gap", "eps"])).map(\.numbers)
    }

    private func value(_ result: Result<Double, StructureFileError>?) -> Double? { try? result?.get() }

    @Test func columnsOfATable_areRead_andMissingOnesAreNone() throws {
        let cif = "\"data_x\n_cell_length_a 3\""
        let found = try numbers("gap,cif,eps\n1.5,\(cif),2e1\nNaN,\(cif),\nwide,\(cif),inf\n", "t.csv")
        #expect(found.count == 3)
        #expect(value(found[0]["gap"]) == 1.5 && value(found[0]["eps"]) == 20)
        #expect(found[1].isEmpty)
        #expect(
            throws: StructureFileError.malformed(
                format: "csv", line: 6, reason: "\"gap\" must be a finite number, not wide")
        ) { try found[2]["gap"]?.get() }
        #expect(throws: StructureFileError.self) { try found[2]["eps"]?.get() }
    }

    @Test(arguments: ["1e-300", "1e300", "-1"]) func amountsOfNoUse_areRefused(amount: String) throws {
        let text = "{\"composition\":{\"Na\":\(amount),\"Cl\":1,\"K\":0},\"energy\":-6.8}\n"
        let entry = try #require(Array(try StructureReader.read(path: try temporaryFile(text, name: "a.jsonl"))).first)
        let error = #expect(throws: StructureFileError.self) { try entry.statedEnergy?.get() }
        #expect("\(try #require(error))".contains("the amount of Na is"))
    }

    @Test func tableWithoutTheColumn_isRefusedWithThoseItHas() throws {
        #expect(throws: StructureFileError.missingColumn("eps", available: ["gap", "cif"])) {
            try numbers("gap,cif\n1,data_\n", "u.csv")
        }
    }

    @Test func keysOfObjects_areRead_theirOwnOrOfTheirData() throws {
        let cell = "\"lattice\":[[3,0,0],[0,3,0],[0,0,3]],\"species\":[\"Na\"],\"frac_coords\":[[0,0,0]]"
        let list = "[{\(cell),\"gap\":2},{\(cell),\"data\":{\"gap\":3}},{\(cell),\"gap\":null},{\(cell),\"gap\":\"x\"}]"
        let found = try numbers(list, "o.json")
        #expect(found.prefix(3).map { value($0["gap"]) } == [2, 3, nil])
        #expect(found[2].isEmpty)
        #expect(throws: StructureFileError.self) { try found[3]["gap"]?.get() }
        // A null does not hide what stands deeper, and a truth is no number.
        let more = "[{\(cell),\"gap\":null,\"properties\":{\"gap\":4}},{\(cell),\"gap\":true},{\(cell),\"gap\":1}]"
        let others = try numbers(more, "p.json")
        #expect(value(others[0]["gap"]) == 4 && value(others[2]["gap"]) == 1)
        #expect(throws: StructureFileError.self) { try others[1]["gap"]?.get() }
        let lines = "{\(cell),\"gap\":2}\n{\(cell),\"properties\":{\"eps\":-1}}\n"
        let listed = try numbers(lines, "o.jsonl")
        #expect(value(listed[0]["gap"]) == 2 && value(listed[1]["eps"]) == -1)
    }

    @Test func keysOfFrames_areRead() throws {
        let frame = "1\nLattice=\"3 0 0 0 3 0 0 0 3\" Gap=0.25 energy=-1 eps=none\nNa 0 0 0\n"
        let found = try numbers(frame, "f.extxyz")
        #expect(value(found[0]["gap"]) == 0.25)
        #expect(found[0]["eps"] == nil)
    }

    /// The components of a vector are not the digits of a number.
    @Test func vectorsAndNumbersWithBlanksInside_areNoNumbers() throws {
        let lattice = "1\nLattice=\"3 0 0 0 3 0 0 0 3\""
        let found = try numbers("\(lattice) gap=\"1 2 3\" eps=\" 1.5 \"\nNa 0 0 0\n", "v.extxyz")
        #expect(throws: StructureFileError.self) { try found[0]["gap"]?.get() }
        #expect(value(found[0]["eps"]) == 1.5)
        let path = try temporaryFile("\(lattice) energy=\"-1 2\"\nNa 0 0 0\n", name: "e.extxyz")
        let energy = try #require(try Array(StructureReader.read(path: path)).first?.statedEnergy)
        #expect(throws: StructureFileError.self) { try energy.get() }
    }

    @Test func withoutNames_noneAreRead() throws {
        let path = try temporaryFile("1\nLattice=\"3 0 0 0 3 0 0 0 3\" gap=1\nNa 0 0 0\n", name: "g.extxyz")
        #expect(try Array(StructureReader.read(path: path)).map(\.numbers.count) == [0])
    }
}
