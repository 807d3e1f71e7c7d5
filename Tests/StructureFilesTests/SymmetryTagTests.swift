import Crystals
import StructureFiles
import Testing

/// Where files state their symmetry: tags of every spelling, loops of one row, statements that contradict each other.
struct SymmetryTagTests {
    private static let salt = ["Na1 0 0 0", "Cl1 0.5 0.5 0.5"]

    /// Rock salt by two sites, under what `head` states.
    private func cif(
        _ head: String, rows: [String] = salt, cell: [Double] = [5.64, 5.64, 5.64, 90, 90, 90]
    ) -> String {
        let tags = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"]
        return "data_x\n" + zip(tags, cell).map { "_cell_\($0) \($1)\n" }.joined() + head
            + "\nloop_\n_atom_site_label\n"
            + "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n" + rows.joined(separator: "\n") + "\n"
    }

    private func outcome(_ text: String) -> String {
        do {
            let structure = try CIFContent(Array(text.utf8)).structure()
            return "\(structure.atomCount) atoms"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        "_symmetry_space_group_name_H-M", "_space_group_name_H-M_alt", "_SPACE_GROUP_NAME_H-M_ALT",
        "_symmetry.space_group_name_H-M", "_space_group.name_H-M_full", "_symmetry_space_group_name_H-M_full",
        "_space_group.name_H-M", "_space_group_name_H-M_ref", "_symmetry_space_group_name",
    ])
    func symbol_underAnyTag_isFound(tag: String) {
        #expect(outcome(cif("\(tag) 'F m -3 m'")) == "8 atoms")
    }

    @Test(arguments: [
        "_symmetry_Int_Tables_number 225", "_space_group_IT_number 225", "_space_group.IT_number '225'",
        "_symmetry_group_IT_number 225", "_symmetry_Int_Tables_number\n;225\n;", "_space_group_IT_number\n\n225",
        "loop_\n_symmetry_space_group_name_H-M\n_symmetry_Int_Tables_number\n'F m -3 m' 225",
        "_symmetry_space_group_name_H-M '?'\n_symmetry_Int_Tables_number 225",
        "_symmetry_space_group_name_H-M ''\n_symmetry_Int_Tables_number 225",
        "_space_group_name_Hall\n;\n-F 4 2 3\n;",
        "loop_\n_space_group_generator_xyz\n'x+1/2,y+1/2,z'\n'x,y+1/2,z+1/2'",
        "LOOP_\n_SPACE_GROUP_SYMOP.OPERATION_XYZ\nx,y,z\nx+1/2,y+1/2,z\nx+1/2,y,z+1/2\nx,y+1/2,z+1/2",
    ])
    func statement_inAnyForm_isFound(head: String) {
        #expect(outcome(cif(head)) == "8 atoms")
    }

    /// Symbols of something else than the space group of the file.
    @Test(arguments: [
        "_space_group_Patterson_name_H-M 'F m -3 m'", "_space_group_point_group_H-M m-3m",
        "_parent_space_group.name_H-M_alt 'F m -3 m'", "_space_group_name_Schoenflies Oh.5",
        "_symmetry_cell_setting cubic", "_space_group_Laue_class m-3m",
    ])
    func tagsOfSomethingElse_areNoSpaceGroup(head: String) {
        #expect(outcome(cif(head)) == "2 atoms")
    }

    @Test func cellInALoop_isRead() {
        let text = """
            data_x
            loop_ _cell_length_a _cell_length_b _cell_length_c _cell_angle_alpha _cell_angle_beta _cell_angle_gamma
            4 4 4 90 90 90
            loop_ _atom_site_label _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z
            Po1 0 0 0
            """
        #expect(outcome(text) == "1 atoms")
    }

    @Test(arguments: [
        ("_symmetry_Int_Tables_number 225\n_space_group_IT_number 221", "the numbers 225 and 221"),
        (
            "_symmetry_space_group_name_H-M 'F m -3 m'\n_space_group_name_H-M_alt 'P m -3 m'",
            "the symbols F m -3 m and P m -3 m"
        ),
        ("_chemical_formula_sum 'Na Cl'\n_cell_formula_units_Z 4", "no symmetry is stated, but"),
    ])
    func statements_thatContradictEachOther_areRefused(head: String, part: String) {
        let text = outcome(cif(head))
        #expect(text.contains("contradictory symmetry") && text.contains(part), "\(text)")
    }

    /// Two symbols of one group mean what both name.
    @Test func symbols_ofOneGroup_narrowEachOther() {
        let rows = ["Mg1 0.125 0.125 0.125", "Al1 0.5 0.5 0.5", "O1 0.2624 0.2624 0.2624"]
        let cell = [8.08, 8.08, 8.08, 90.0, 90, 90]
        let head = "_symmetry_space_group_name_H-M 'F d -3 m'\n_space_group_name_H-M_alt 'F d -3 m :2'"
        #expect(outcome(cif(head, rows: rows, cell: cell)) == "56 atoms")
    }

    @Test(arguments: [
        "Fm-3m (225)", "F m -3 m (No. 225)", "Fm-3m #225", "F m -3 m, no. 225", "Fm3m (225)", "F m -3 m (#225)",
    ])
    func symbol_withItsNumberBehind_isRead(symbol: String) {
        let text = outcome(cif("_symmetry_space_group_name_H-M '\(symbol)'"))
        #expect(text == "8 atoms", "\(text)")
    }

    @Test func symbol_withAnotherNumberBehind_isRefused() {
        #expect(outcome(cif("_symmetry_space_group_name_H-M 'Fm-3m (221)'")).contains("no such space group"))
        // A screw axis in parentheses is no number.
        let orthorhombic = [5.0, 6, 7, 90, 90, 90]
        #expect(
            outcome(cif("_symmetry_space_group_name_H-M 'P2(1)2(1)2(1)'", rows: ["Si1 .1 .2 .3"], cell: orthorhombic))
                == "4 atoms")
    }

    @Test(arguments: [
        ("-F423", "8 atoms"), ("-f423", "8 atoms"), ("-F_4_2_3", "8 atoms"), ("-F 4 2 3", "8 atoms"),
        ("-X423", "no such space group"), ("F9", "no such space group"),
    ])
    func hallSymbol_withoutBlanks_isReadWhereItIsClear(symbol: String, expected: String) {
        let text = outcome(cif("_space_group_name_Hall \(symbol.contains(" ") ? "'\(symbol)'" : symbol)"))
        #expect(text.contains(expected), "\(text)")
    }

    /// "P32" is P 32 (145) or P 3 2 (149).
    @Test func hallSymbol_ofTwoReadings_isDecidedByTheNumberOrRefused() {
        let cell = [5.0, 5, 7, 90, 90, 120]
        func outcome(_ head: String) -> String { self.outcome(cif(head, rows: ["Si1 .1 .25 .3"], cell: cell)) }
        #expect(outcome("_space_group_name_Hall P32\n_space_group_IT_number 145") == "3 atoms")
        #expect(outcome("_space_group_name_Hall P32\n_space_group_IT_number 149") == "6 atoms")
        #expect(outcome("_space_group_name_Hall 'P 32'") == "3 atoms")
        let open = outcome("_space_group_name_Hall P32")
        #expect(open.contains("P 32") && open.contains("P 3 2"), "\(open)")
        #expect(outcome("_space_group_name_Hall P32\n_space_group_IT_number 168").contains("contradictory symmetry"))
    }

    private static let magnetic = ["x,y,z,+1", "-x,-y,z,+1", "-y,x,z,+1", "y,-x,z,+1"]

    @Test(arguments: [
        ("_space_group_symop_magn_operation.xyz", "_space_group_symop_magn_centering.xyz"),
        ("_space_group_symop.magn_operation_xyz", "_space_group_symop.magn_centering_xyz"),
        ("_magnetic_space_group_symop_operation_xyz", "_magnetic_space_group_symop_centering_xyz"),
        ("_space_group.magn_symop_operation_xyz", "_space_group.magn_symop_centering_xyz"),
    ])
    func magneticOperations_underAnyTag_areFound(operations: String, centring: String) {
        let head =
            "loop_\n\(operations)\n" + Self.magnetic.joined(separator: "\n") + "\nloop_\n\(centring)\nx,y,z,+1\n"
            + "x+1/2,y+1/2,z+1/2,-1"
        #expect(outcome(cif(head, rows: ["Mn1 .1 .2 0"], cell: [5, 5, 6, 90, 90, 90])) == "8 atoms")
    }

    @Test(arguments: [
        "_magnetic_space_group_BNS_number 128.410", "_space_group_magn.number_BNS 128.410",
        "loop_\n_space_group_magn.number_BNS\n_space_group_magn.name_BNS\n128.410 P_I4/mnc",
        "loop_\n_space_group_symop_magn_centering.xyz\nx,y,z,+1\nx+1/2,y+1/2,z+1/2,-1",
    ])
    func magneticGroup_withoutOperations_isRefused(head: String) {
        #expect(outcome(cif(head)).contains("magnetic space group without its operations"))
    }

    @Test(arguments: [
        "loop_\n_space_group_symop_ssg_operation_algebraic\n'x1,x2,x3,x4'", "_cell_modulation_dimension 1",
        "loop_\n_space_group_symop_magn_ssg_operation.algebraic\n'x1,x2,x3,x4,+1'",
    ])
    func modulatedStructure_isRefused(head: String) {
        #expect(outcome(cif(head)).contains("modulated structure"))
    }

    @Test func operationWithBlanksAndNoQuotes_isRefusedWithTheReason() {
        let text = outcome(cif("loop_\n_symmetry_equiv_pos_as_xyz\nx, y, z\n-x, -y, -z"))
        #expect(text.contains("stands in quotes"), "\(text)")
    }

    /// Line ends of every kind, and lines counted by them.
    @Test func lines_areCountedWhateverTheirEnds() {
        let text = cif("_symmetry_space_group_name_H-M\n;F m -3 m\n;", rows: ["Na1 0 0 0", "Vac1 .5 .5 .5"])
        let expected = outcome(text)
        #expect(expected.contains("Vac1 (line"))
        for end in ["\r\n", "\r"] { #expect(outcome(text.replacing("\n", with: end)) == expected) }
    }
}
