import Base
import CrystalFixtures
import Crystals
import Foundation
import StructureFiles
import Testing

/// The symmetry of files that people have: what they state of it, and what they leave to be found.
struct FileSymmetryTests {
    func structures(_ path: String) throws -> [Structure] {
        try StructureReader.read(path: Fixture.url("field/files/\(path)").path).map { try $0.input.get().structure() }
    }

    func cif(_ path: String) throws -> String {
        try String(contentsOf: Fixture.url("field/files/\(path)"), encoding: .utf8)
    }

    func refusal(_ text: String) -> String {
        do {
            let structure = try CIFContent(Array(text.utf8)).structure()
            return "read: \(structure.atomCount) atoms"
        } catch {
            return error.description
        }
    }

    @Test(arguments: ["F03-monoclinic-symbols", "F06-hall-only"])
    func symbolsWithoutOperations_giveTheAtomsWrittenOut(_ folder: String) throws {
        let bySymbol = try structures("\(folder)/by-symbol.csv")
        let allAtoms = try structures("\(folder)/all-atoms.csv")
        #expect(bySymbol.count == allAtoms.count)
        for (left, right) in zip(bySymbol, allAtoms) {
            #expect(left.atomCount == right.atomCount)
            for point in left.fractionalCoordinates {
                let distances = right.fractionalCoordinates.map { left.cell.length(nearestImage($0 - point)) }
                #expect((distances.min() ?? 1) < 1e-3)
            }
        }
    }

    @Test func rhombohedralAxes_areToldByTheCell() throws {
        let structure = try #require(try structures("F04-rhombohedral-axes.cif").first)
        #expect(structure.atomCount == 5)
        #expect(try Crystal(structure: structure).spaceGroup.number == 166)
        let text = try cif("F04-rhombohedral-axes.cif")
        #expect(refusal(text.replacing("R -3 m'", with: "R -3 m :H'")).contains("does not fit"))
    }

    @Test func originChoice_isTakenFromTheSuffixOrTheFormula() throws {
        for file in ["F05-origin-z.cif", "F05-origin-unsaid.cif"] {
            let structure = try #require(try structures(file).first)
            #expect(structure.elements.filter { $0.symbol == "Al" }.count == 16)
            #expect(structure.atomCount == 56)
        }
        let open = """
            data_x
            _cell_length_a 9.1
            _cell_length_b 9.1
            _cell_length_c 9.1
            _cell_angle_alpha 90
            _cell_angle_beta 90
            _cell_angle_gamma 90
            _symmetry_space_group_name_H-M 'F d -3 m'
            loop_
            _atom_site_label
            _atom_site_fract_x
            _atom_site_fract_y
            _atom_site_fract_z
            Si1 0.170 0.310 0.050
            """
        let message = refusal(open)
        #expect(message.contains("F d -3 m :1 or F d -3 m :2"), "\(message)")
        let foreign = open.replacing("F d -3 m'", with: "X y z'\n_symmetry_Int_Tables_number 227")
        #expect(refusal(foreign).contains("no such space group (X y z"))
        #expect(refusal(open.replacing("F d -3 m'", with: "P n m a'")).contains("read: 8"))
        let contradictory = open.replacing("F d -3 m'", with: "P n m a'\n_symmetry_Int_Tables_number 225")
        #expect(refusal(contradictory).contains("P n m a is number 62, but the file states 225"))
    }

    @Test(arguments: ["F09-magnetic.cif", "F09-magnetic.mcif"])
    func magneticFiles_useTheirOwnOperations(_ file: String) throws {
        let structure = try #require(try structures(file).first)
        #expect(structure.atomCount == 6)
        #expect(try Crystal(structure: structure).spaceGroup.number == 139)
    }

    @Test func magneticGroupWithoutOperations_isRefused() throws {
        let file = """
            data_x
            _cell_length_a 3
            _cell_length_b 3
            _cell_length_c 3
            _cell_angle_alpha 90
            _cell_angle_beta 90
            _cell_angle_gamma 90
            _space_group_magn.number_BNS 123.345
            loop_
            _atom_site_label
            _atom_site_fract_x
            _atom_site_fract_y
            _atom_site_fract_z
            Mn1 0 0 0
            """
        #expect(refusal(file).contains("magnetic space group without its operations"))
    }

    @Test func fewDecimals_areCompletedBySymmetry() throws {
        let structure = try #require(try structures("F15-thirds-two-digits.cif").first)
        #expect(structure.atomCount == 6)
        #expect(try Crystal(structure: structure).spaceGroup.number == 194)
        let text = try cif("F15-thirds-two-digits.cif")
        // Cut off instead of rounded, one decimal, and without multiplicities.
        for written in [
            text.replacing("0.67", with: "0.66"),
            text.replacing("Mo1 2", with: "Mo1 ?").replacing("S1 4", with: "S1 ?"),
        ] {
            #expect(refusal(written) == "read: 6 atoms")
        }
        let wrong = text.replacing("S1 4", with: "S1 12")
        #expect(refusal(wrong).contains("S1"))
    }

    @Test func operationsThatContradictTheFile_areRefused() throws {
        let text = try cif("F28-conflict.cif")
        let message = refusal(text)
        #expect(message.contains("contradictory symmetry") && message.contains("F m -3 m"), "\(message)")
        // Without the evidence of Z the symbol still says otherwise.
        #expect(refusal(text.replacing("_cell_formula_units_Z 4\n", with: "")).contains("contradictory symmetry"))
        // And Z alone.
        let byZ = text.replacing(
            "_symmetry_space_group_name_H-M 'F m -3 m'\n_symmetry_Int_Tables_number 225\n", with: "")
        #expect(refusal(byZ).contains("Z is 4"), "\(refusal(byZ))")
        // Operations that do not form a group.
        let noGroup = text.replacing(" 'x,y,z'\n", with: " 'x,y,z'\n '-x,-y,-z'\n 'y,z,x'\n")
        #expect(refusal(noGroup).contains("not form a group"))
        // A fourfold axis along a monoclinic one.
        let noCell = byZ.replacing("_cell_angle_beta 90", with: "_cell_angle_beta 95").replacing(
            " 'x,y,z'\n", with: " 'x,y,z'\n 'x,-y,-z'\n")
        #expect(refusal(noCell).contains("does not fit"))
    }

    /// The angles follow from the tolerance of lengths, so that a small shear is not a cube.
    @Test func strainedCells_haveTheGroupOfTheirTolerance() throws {
        for structure in try structures("F29-sheared.extxyz") {
            #expect(try Crystal(structure: structure).spaceGroup.number == 65)
        }
        let strained = try #require(try structures("F24-strained.vasp").first)
        var crystal: Crystal?
        let duration = try ThreadClock.measure { crystal = try Crystal(structure: strained) }
        #expect(crystal?.spaceGroup.number == 12)
        #expect(duration < .seconds(1))
    }

    /// Tables of the field list every atom under P 1: the group is found, not believed.
    @Test func tableUnderP1_givesTheGroupsFound() throws {
        let entries = try CrystalDataset.read(path: Fixture.url("field/files/F01-p1-table/rocksalts.csv").path)
        #expect(!entries.isEmpty)
        for entry in entries { #expect(try entry.crystal.get().spaceGroup.number == 225) }
    }
}
