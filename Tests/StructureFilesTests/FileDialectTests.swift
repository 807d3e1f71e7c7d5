import Crystals
import Foundation
import StructureFiles
import Testing

/// The dialects in which files of the field come.
struct FileDialectTests {
    private func entries(_ text: String, _ name: String, format: StructureFormat? = nil) throws -> [StructureEntry] {
        Array(try StructureReader.read(path: try temporaryFile(text, name: name), format: format))
    }

    private func structure(_ text: String, _ name: String) throws -> Structure {
        try #require(try entries(text, name).first).input.get().structure()
    }

    private func refusal(_ text: String, _ name: String) -> String {
        do {
            return "read as " + (try structure(text, name)).composition.formula
        } catch {
            return "\(error)"
        }
    }

    // MARK: Names

    @Test(
        arguments: [
            ("POSCAR", .poscar), ("POSCAR.cif", .cif), ("CONTCAR.extxyz", .extxyz), ("POSCAR_mp-1.vasp", .poscar),
            ("my.POSCAR", .poscar), ("A.CIF", .cif), ("A.CIF.GZ", .cif), ("poscar.json.bz2", .json),
            ("CONTCAR_3", .poscar),
            ("NaCl_POSCAR", .poscar), ("SPOSCAR", .poscar), ("a.contcar", .poscar), ("t.tsv.gz", .csv),
            ("POSCAR.1", .poscar), ("POSCAR.gz", .poscar), ("a/POSCAR/x.xyz", .extxyz), ("notes.txt", nil),
            ("cif", nil),
        ] as [(String, StructureFormat?)])
    func format_isToldByTheExtensionFirst(path: String, format: StructureFormat?) {
        #expect(StructureFormat(path: path) == format)
    }

    // MARK: CIF

    private func cif(_ tags: String = "", columns: [String] = [], rows: [String] = ["Po1 0 0 0"]) -> String {
        let names = ["label", "fract_x", "fract_y", "fract_z"] + columns
        let cell = ["length_a 4", "length_b 4", "length_c 4", "angle_alpha 90", "angle_beta 90", "angle_gamma 90"]
        return "data_x\n" + cell.map { "_cell_\($0)\n" }.joined() + tags + "loop_\n"
            + names.map { "_atom_site_\($0)\n" }.joined() + rows.map { "\($0)\n" }.joined()
    }

    /// What is said twice must be said alike, as far as it says what the crystal is.
    @Test(arguments: [
        ("_cell_length_c 6.4\n", "line 8: the tag _cell_length_c stands here a second time, with other values"),
        ("_symmetry_Int_Tables_number 1\n_symmetry_Int_Tables_number 2\n", "_symmetry_int_tables_number"),
        (
            "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nBi1 .5 .5 .5\n",
            "line 19: a loop with _atom_site_fract_x"
        ),
        ("_cell_length_c 4.00\n", "read as Po1"), ("_cell_length_c ?\n", "read as Po1"),
        ("_audit_author 'A'\n_audit_author 'B'\n", "read as Po1"),
    ])
    func cif_thatSaysAThingTwice_isRefusedWhereItDiffers(tags: String, part: String) {
        #expect(refusal(cif(tags), "a.cif").contains(part), "\(refusal(cif(tags), "a.cif"))")
    }

    @Test(arguments: [
        (["Po1 0 0 0 . 1", "Bi1 .5 .5 .5 . 2"], "disorder group 1 and Bi1 (line 16) of 2"),
        (["Po1 0 0 0 A 1", "Bi1 .5 .5 .5 A 2"], "exclude each other"),
        (["Po1 0 0 0 A 1", "Bi1 .5 .5 .5 B 2"], "read as Po1 Bi1"), (["Po1 0 0 0 . -1"], "its own images"),
        (["Po1 0 0 0 . 1", "Bi1 .5 .5 .5 . ."], "read as Po1 Bi1"),
    ])
    func cif_ofAlternatives_isRefused(rows: [String], part: String) {
        let text = cif(columns: ["disorder_assembly", "disorder_group"], rows: rows)
        #expect(refusal(text, "a.cif").contains(part), "\(refusal(text, "a.cif"))")
    }

    // MARK: POSCAR

    @Test func poscar_beforeAnother_isRefused() {
        let one = "x\n1\n3 0 0\n0 3 0\n0 0 3\nPo\n1\ndirect\n0 0 0\n"
        for more in [one, "\n\(one)", one + one] {
            #expect(refusal(one + more, "a.vasp").contains("a second structure begins here"))
        }
        let frames = one.replacing("direct", with: "Direct configuration=     1") + "Direct configuration= 2\n0 0 .1\n"
        #expect(refusal(frames, "a.vasp").contains("POSCAR, line 10: a second configuration begins here"))
        for velocities in ["\n0.1 0.2 0.3\n", "Cartesian\n0.1 0.2 0.3\n", "\n0 0 0\n\n1\n0.5\n0 0 0\n0 0 0\n0 0 0\n"] {
            #expect(refusal(one + velocities, "a.vasp") == "read as Po1")
        }
    }

    @Test func poscar_ofAnUnknownElement_namesItsLine() {
        let text = "x\n1\n3 0 0\n0 3 0\n0 0 3\nQq\n1\ndirect\n0 0 0\n"
        #expect(refusal(text, "a.vasp").contains("line 6: no such element: \"Qq\""))
    }

    private func poscar(
        comment: String = "rock salt", scale: String = "5.64", vectors: String = "0 .5 .5\n.5 0 .5\n.5 .5 0",
        kinds: String = "Na Cl\n1 1", mode: String = "Direct", atoms: String = "0 0 0\n.5 .5 .5"
    ) -> String { "\(comment)\n\(scale)\n\(vectors)\n\(kinds)\n\(mode)\n\(atoms)\n" }

    @Test(arguments: [
        "5.64 ! lattice constant in angstrom", "5.64 lattice constant", "5.64 # 2 3", "5.64!a", "-44.851536 the volume",
        "5.64 5.64 5.64", "5.64 5.64 5.64 three of them", "\t5.64\tlattice constant",
    ])
    func poscar_scale_mayHaveAComment(scale: String) throws {
        let structure = try structure(poscar(scale: scale), "x.vasp")
        #expect((structure.cell.volume - 44.851536).magnitude < 1e-6)
        #expect(structure.composition.formula == "Na1 Cl1")
    }

    @Test func poscar_everyLine_mayHaveAComment() throws {
        let text = """
            # a comment
            5.64 ! Å
            0 .5 .5 ! a
            .5 0 .5 # b
            .5 .5 0 c vector
            Na+ Cl- ! the elements
            1 1 # and their numbers
            Selective dynamics ! some
            Cartesian ! of course
            0 0 0 T T F ! Na
            .5 .5 .5 F F T # Cl

            0.1 0.2 0.3
            0.1 0.2 0.3
            """
        for end in ["\n", "\r\n", "\r"] {
            let structure = try structure(text.replacingOccurrences(of: "\n", with: end), "x.vasp")
            #expect(structure.composition.formula == "Na1 Cl1")
            #expect((structure.fractionalCoordinates[1] - SIMD3(repeating: 0.5)).max().magnitude < 1e-12)
        }
    }

    @Test(arguments: [("Na Cl", "1 1"), ("Na1 Cl1", "1 1"), ("Na1 Cl", "1 1 ! numbers")])
    func poscar_ofVASP4_isNamedByItsComment(comment: String, counts: String) throws {
        #expect(try structure(poscar(comment: comment, kinds: counts), "POSCAR").composition.formula == "Na1 Cl1")
    }

    /// Fortran's numbers, symbols in one case, and elements behind the atoms instead of a line of their own.
    @Test func poscar_inItsOtherDialects_isRead() throws {
        for text in [
            poscar(scale: "5.64D0", vectors: "0.d0 5.0d-1 .5\n.5D+0 0 .5\n.5 .5 0"),
            poscar(vectors: "0, .5, .5\n.5, 0, .5\n.5, .5, 0", atoms: "0, 0, 0\n.5, .5, .5"),
            poscar(kinds: "NA CL\n1 1"), poscar(kinds: "na cl a comment\n1 1"),
            poscar(kinds: "1 1", atoms: "0 0 0 Na\n.5 .5 .5 Cl"),
            poscar(kinds: "1 1", mode: "Selective\nDirect", atoms: "0 0 0 T T F Na+\n.5 .5 .5 F F F Cl-"),
        ] {
            let structure = try structure(text, "x.vasp")
            #expect(structure.composition.formula == "Na1 Cl1")
            #expect((structure.cell.volume - 44.851536).magnitude < 1e-6)
        }
        for atoms in ["0 0 0 Na\n.5 .5 .5", "0 0 0 T T F\n.5 .5 .5 T T F", "0 0 0 F F F\n.5 .5 .5 F F F"] {
            #expect(refusal(poscar(kinds: "1 1", atoms: atoms), "POSCAR").contains("elements are not named"))
        }
        #expect(refusal(poscar(kinds: "2", atoms: "0 0 0 Na\n.5 .5 .5 Cl"), "POSCAR").contains("not named"))
    }

    @Test(arguments: ["In a box", "rock salt", "Na", "Na Cl K", "Na2 Cl1", "NaCl", "Na Cl unit cell", ""])
    func poscar_ofVASP4_withAnotherComment_isRefused(comment: String) {
        let text = refusal(poscar(comment: comment, kinds: "1 1"), "POSCAR")
        #expect(text.contains("elements are not named"), "\(text)")
    }

    @Test(arguments: [
        ("5.64 5.64", "Na Cl\n1 1", "Direct", "0 0 0\n.5 .5 .5", "line 2"),
        ("x", "Na Cl\n1 1", "Direct", "0 0 0\n.5 .5 .5", "line 2"),
        ("5.64", "Na Cl K\n1 1", "Direct", "0 0 0\n.5 .5 .5", "3 elements, but 2 numbers"),
        ("5.64", "Na\n1 1", "Direct", "0 0 0\n.5 .5 .5", "1 elements, but 2 numbers"),
        ("5.64", "Na Cl\n1 1", "0 0 0", ".5 .5 .5", "Direct or Cartesian"),
        ("5.64", "Na Cl\n1 1", "Direct", "0 0 0 Cl\n.5 .5 .5 Na", "its line says Cl"),
        ("5.64", "Na Cl\n1 1", "Direct", "0 0 0\n1 0 1", "atom 1 (Na, line 9) and atom 2 (Cl, line 10)"),
    ])
    func poscar_thatIsUnclear_isRefused(scale: String, kinds: String, mode: String, atoms: String, part: String) {
        let text = refusal(poscar(scale: scale, kinds: kinds, mode: mode, atoms: atoms), "POSCAR")
        #expect(text.contains(part), "\(text)")
    }

    // MARK: extxyz

    private func frame(_ header: String, atoms: String = "Na 0 0 0\nCl 2.82 2.82 2.82") -> String {
        "2\n\(header)\n\(atoms)\n"
    }

    @Test(arguments: [
        "Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\"",
        "Lattice=[[2.82, 2.82, 0.0], [0, 2.82, 2.82], [2.82, 0, 2.82]]",
        "Lattice=[2.82,2.82,0,0,2.82,2.82,2.82,0,2.82] pbc=[T, T, T]", "Lattice={2.82 2.82 0 0 2.82 2.82 2.82 0 2.82}",
        "lattice = '2.82 2.82 0 0 2.82 2.82 2.82 0 2.82' PBC = \"T T T\"",
        "note=\"a \\\"quoted\\\" Lattice=0\" LATTICE=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\"",
        "forces=[[1,2],[3,4]]\tLattice=\"2.82\t2.82 0 0 2.82 2.82 2.82 0 2.82\"\tpbc={true true true}",
        "Lattice=\"2.82d0 2.82D0 0 0 2.82 2.82 .282E+1 0 2.82\", pbc=\"T T T\"",
        "pbc=T T T Lattice={2.82 2.82 0 0 2.82 2.82 2.82 0 2.82}",
        "\"Lattice\"=[[2.82,2.82,0],[0,2.82,2.82],[2.82,0,2.82]] done",
    ])
    func extxyz_header_isReadInItsDialects(header: String) throws {
        let structure = try structure(frame(header), "x.extxyz")
        #expect((structure.cell.volume - 44.851536).magnitude < 1e-6)
        #expect(structure.composition.formula == "Na1 Cl1")
    }

    @Test(arguments: [
        ("Properties=pos:R:3:species:S:1", "0 0 0 Na\n2.82 2.82 2.82 Cl"),
        ("PROPERTIES=SPECIES:S:1:POS:R:3:forces:R:3", "NA 0 0 0 1 1 1\nCL 2.82 2.82 2.82 1 1 1"),
        ("properties=id:I:1:Z:I:1:pos:R:3", "1\t11\t0 0 0\n2 17 2.82 2.82 2.82"),
        ("Properties=species:S:1:pos:R:3", "Na+ 0 0 0\nCl- 2.82 2.82 2.82"),
    ])
    func extxyz_columns_comeInAnyOrderAndCase(properties: String, atoms: String) throws {
        let text = frame("Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\" \(properties)", atoms: atoms)
        #expect(try structure(text, "x.xyz").composition.formula == "Na1 Cl1")
    }

    @Test(arguments: [
        "\"T T F\"", "\"F F F\"", "[T, T, F]", "{0 0 0}", "\"True True False\"", "F", "\"T T\"", "\"a b c\"", "\"\"",
    ])
    func extxyz_thatDoesNotRepeat_isRefused(flags: String) {
        let text = refusal(frame("pbc=\(flags) Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\""), "x.xyz")
        #expect(text.contains("pbc") && text.contains("line 2"), "\(text)")
    }

    @Test(arguments: [", pbc=\"T T F\"", ";pbc=\"T T F\"", " pbc=T T F", "pbc=[T,F,T]"])
    func extxyz_thatDoesNotRepeat_isRefusedHoweverItsPairsAreSet(rest: String) {
        let text = refusal(frame("Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\"\(rest)"), "x.xyz")
        #expect(text.contains("pbc is"), "\(text)")
    }

    @Test func lines_endInAnyWay() throws {
        let frames = frame("Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\"")
        for end in ["\n", "\r\n", "\r"] {
            let text = (frames + frames).replacingOccurrences(of: "\n", with: end)
            #expect(try entries(text, "x.xyz").map { try $0.input.get().structure().atomCount } == [2, 2])
            let lines = [Self.json, "", Self.json, "{bad"].joined(separator: end)
            let found = try entries(lines, "x.jsonl")
            #expect(found.map { (try? $0.input.get()) != nil } == [true, true, false])
            #expect("\(found[2].input)".contains("4"))
        }
    }

    /// The energy that a frame or a row states for itself.
    @Test(arguments: [
        ("energy=-12", -6.0), ("Energy=\"-12.0\"", -6), ("dft_energy=-12", -6), ("REF_energy=-1.2e1", -6),
        ("free_energy=-12", -6), ("energy=-12 free_energy=-12.1", -6), ("free_energy=-12.1 energy=-12", -6),
        ("energy_per_atom=-6", -6), ("energy=-12 energy_per_atom=-6.001", -6), ("energy=-12 dft_energy=-12", -6),
    ])
    func extxyz_energy_isTheFrames(pairs: String, energyPerAtom: Double) throws {
        let text = frame("Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\" \(pairs)")
        let stated = try #require(try entries(text, "x.xyz").first?.statedEnergy).get()
        #expect((stated.energyPerAtom - energyPerAtom).magnitude < 1e-12)
        #expect(stated.composition.formula == "Na1 Cl1")
    }

    @Test(arguments: [
        "energy=nan", "energy=low", "energy=-12 dft_energy=-13", "energy=-12 energy_per_atom=-12", "dft_energy=\"\"",
    ])
    func extxyz_energy_thatIsUnclear_isRefused(pairs: String) throws {
        let text = frame("Lattice=\"2.82 2.82 0 0 2.82 2.82 2.82 0 2.82\" \(pairs)")
        let entry = try #require(try entries(text, "x.xyz").first)
        let error = #expect(throws: StructureFileError.self) { try entry.statedEnergy?.get() }
        #expect("\(try #require(error))".contains("energy"))
        // The structure stands all the same.
        #expect(try entry.input.get().structure().atomCount == 2)
    }

    // MARK: Tables

    private static let block = """
        data_a
        _cell_length_a 4
        _cell_length_b 4
        _cell_length_c 4
        _cell_angle_alpha 90
        _cell_angle_beta 90
        _cell_angle_gamma 90
        loop_
        _atom_site_label
        _atom_site_fract_x
        _atom_site_fract_y
        _atom_site_fract_z
        Po1 0 0 0
        """
    private static let json = """
        {"@module":"pymatgen.core.structure","lattice":{"matrix":[[4,0,0],[0,4,0],[0,0,4]],"pbc":[true,true,true]},\
        "sites":[{"species":[{"element":"Po4+","occu":1.0}],"abc":[0,0,0],"properties":{"magmom":NaN},"label":"Po1"}]}
        """

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\""
    }

    @Test(arguments: ["cif", "CIF", " Cif ", "structure", "Structure"], [",", ";", "\t"])
    func table_ofAnyDialect_isRead(column: String, separator: String) throws {
        for mark in ["", "\u{FEFF}"] {
            for content in [Self.block, Self.json] {
                for end in ["\n", "\r\n", "\r"] {
                    let rows = [
                        ["\"\(column)\"", "\"Material_ID\"", "note"], [Self.quoted(content), "row-0", "a b"],
                        [Self.quoted(content), "row-1", ""],
                    ]
                    let text = mark + rows.map { $0.joined(separator: separator) }.joined(separator: end) + end
                    let found = try entries(text.replacingOccurrences(of: "\n", with: end), "t.csv")
                    #expect(found.map(\.id) == ["row-0", "row-1"])
                    for entry in found { #expect(try entry.input.get().structure().composition.formula == "Po1") }
                    let path = try temporaryFile(text, name: "t.csv")
                    #expect(try CrystalDataset.read(path: path).allSatisfy { (try? $0.crystal.get()) != nil })
                }
            }
        }
    }

    @Test func table_withLinesBeforeItsHeader_isRead() throws {
        for start in ["\n\n", "# made by hand, 2026\n", "\r\n# a\r\n\r\n", "\u{FEFF}\n"] {
            let found = try entries("\(start)id, cif\na, \(Self.quoted(Self.block))\n", "t.csv")
            #expect(found.map(\.id) == ["a"])
            #expect(try found[0].input.get().structure().atomCount == 1)
        }
    }

    @Test func table_energies_areTheRows() throws {
        let cif = Self.quoted(Self.block)
        let text = "id,cif,Energy,energy_per_atom\na,\(cif),-3,\nb,\(cif),,-3.5\nc,\(cif),NaN,\nd,\(cif),-3,-9\n"
        let found = try entries(text, "t.csv")
        #expect(try found[0].statedEnergy?.get().energyPerAtom == -3)
        #expect(try found[1].statedEnergy?.get().energyPerAtom == -3.5)
        #expect(found[2].statedEnergy == nil)
        #expect(throws: StructureFileError.self) { try found[3].statedEnergy?.get() }
    }

    /// What `str` makes of a dictionary in Python, in a column of structures.
    @Test func table_ofPythonDictionaries_isRead() throws {
        let python = Self.json.replacingOccurrences(of: "\"", with: "'").replacingOccurrences(of: "true", with: "True")
            .replacingOccurrences(of: "NaN", with: "None, 'note': \"it's\", 'n': (nan, 1)")
        let found = try entries("id,structure\na,\(Self.quoted(python))\n", "t.csv")
        #expect(try found[0].input.get().structure().composition.formula == "Po1")
    }

    @Test(arguments: [
        ("hello", "neither a CIF"), ("", "nothing in it"), ("{'a': ", "ends before it is complete"),
        ("{'a': b}", "not valid JSON"), ("{}", "expected"),
    ])
    func table_ofSomethingElse_isRefusedWithWhatItShouldBe(content: String, part: String) throws {
        let found = try entries("id,structure\na,\(Self.quoted(content))\n", "t.csv")
        let error = #expect(throws: StructureFileError.self) { try found[0].input.get() }
        #expect("\(try #require(error))".contains(part))
    }

    @Test func table_ofExcel_namesItsSeparator() throws {
        for start in ["sep=;\r\n", "\u{FEFF}sep=;\n", "\"sep=;\"\n"] {
            let text = "\(start)id,x;cif\n7;\(Self.quoted(Self.block))\n"
            let found = try entries(text, "t.csv")
            #expect(found.count == 1)
            #expect(try found[0].input.get().structure().atomCount == 1)
        }
    }

    @Test func textOfTwoBytesACharacter_isRefusedAsSuch() throws {
        for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
            for (text, name) in [(Self.block, "a.cif"), ("cif\nx\n", "a.csv"), (Self.json, "a.json")] {
                let path = try temporaryFile("", name: name)
                try #require(text.data(using: encoding)).write(to: URL(filePath: path))
                let error = #expect(throws: StructureFileError.self) { try StructureReader.read(path: path) }
                #expect("\(try #require(error))".contains("UTF-16"))
            }
        }
    }

    // MARK: JSON

    @Test func json_layouts_areAllRead() throws {
        let entry = "{\"entry_id\":\"e\",\"composition\":{\"Po\":1},\"energy\":-3,\"structure\":\(Self.json)}"
        let text = Self.json.replacingOccurrences(of: "\"", with: "\\\"")
        for (content, count, id) in [
            (Self.json, 1, nil), ("\(Self.json)\n\(Self.json)\n", 2, nil), ("[\(Self.json),\(Self.json)]", 2, nil),
            ("{\"entries\":[\(entry),\(entry)]}", 2, "e"),
            ("[\(entry)]", 1, "e"), ("\u{FEFF}\(entry)", 1, "e"), ("{\"id\":3,\"structure\":\"\(text)\"}", 1, "3"),
        ] as [(String, Int, String?)] {
            for name in ["a.json", "a.jsonl"] {
                let found = try entries(content, name)
                #expect(found.count == count)
                for entry in found { #expect(try entry.input.get().structure().composition.formula == "Po1") }
                #expect(found.first?.id == id ?? "\(name)#0")
            }
        }
    }

    /// Layouts of other programs, one entry each.
    @Test(arguments: [
        """
        {"1": {"cell": {"array": {"__ndarray__": [[3, 3], "float64", [4, 0, 0, 0, 4, 0, 0, 0, 4]]},
        "__ase_objtype__": "cell"}, "numbers": {"__ndarray__": [[1], "int64", [84]]}, "pbc":
        {"__ndarray__": [[3], "bool", [true, true, true]]}, "positions": {"__ndarray__": [[1, 3], "float64",
        [0, 0, 0]]}}, "ids": [1], "nextid": 2}
        """,
        "{\"numbers\":[84],\"positions\":[[0,0,2]],\"cell\":[[4,0,0],[0,4,0],[0,0,4]],\"pbc\":[true,true,true]}",
        "{\"id\":1,\"atoms\":{\"lattice_mat\":[[4,0,0],[0,4,0],[0,0,4]],\"coords\":[[0,0,0]],\"elements\":[\"Po\"]}}",
        """
        {"data":[{"id":"1","type":"structures","attributes":{"lattice_vectors":[[4,0,0],[0,4,0],[0,0,4]],
        "cartesian_site_positions":[[0,0,0]],"species_at_sites":["Po1"],"dimension_types":[1,1,1],
        "species":[{"name":"Po1","chemical_symbols":["Po"],"concentration":[1.0]}]}}]}
        """,
        """
        {"data":{"id":"1","type":"structures","attributes":{"lattice_vectors":[[4,0,0],[0,4,0],[0,0,4]],
        "cartesian_site_positions":[[0,0,0]],"species_at_sites":["Po"],"dimension_types":[1,1,1],
        "species":[{"name":"Po","chemical_symbols":["Po"],"concentration":[1.0]}]}},"links":{},"meta":{}}
        """,
        "{\"1\":{\"structure\":\(json)}}", "{\"data\":[{\"material_id\":\"1\",\"structure\":\(json)}]}",
        "{\"lattice\":[[4,0,0],[0,4,0],[0,0,4]],\"species\":[\"Po\"],\"cart_coords\":[[0,0,2]]}",
        """
        {"lattice":{"a":4,"b":4,"c":4,"alpha":90,"beta":90,"gamma":90},"species":["Po"],"frac_coords":[[0,0,0]]}
        """,
    ])
    func json_ofOtherPrograms_isRead(text: String) throws {
        let found = try entries(text, "a.json")
        #expect(found.count == 1)
        let structure = try #require(found.first).input.get().structure()
        #expect(structure.composition.formula == "Po1" && (structure.cell.volume - 64).magnitude < 1e-9)
        if text.contains("\"1\"") || text.contains("\"id\"") { #expect(found[0].id == "1") }
    }

    @Test(arguments: [
        (
            "{\"numbers\":[84],\"positions\":[[0,0,2]],\"cell\":[[4,0,0],[0,4,0],[0,0,4]],\"pbc\":[true,true,false]}",
            "pbc"
        ),
        (
            """
            {"lattice_vectors":[[4,0,0],[0,4,0],[0,0,4]],"cartesian_site_positions":[[0,0,0]],"species_at_sites":
            ["a"],"species":[{"name":"a","chemical_symbols":["Po","Bi"],"concentration":[0.5,0.5]}]}
            """,
            "disordered a"
        ),
    ])
    func json_ofOtherPrograms_thatIsNoCrystal_isRefused(text: String, part: String) {
        #expect(refusal(text, "a.json").contains(part), "\(refusal(text, "a.json"))")
    }

    /// An array whose shape is larger than any number is what stands in it, and no vectors.
    @Test func json_arrayOfAnImpossibleShape_isRefused() {
        let cell = "{\"__ndarray__\":[[1e18,1e18],\"float64\",[4,0,0,0,4,0,0,0,4]]}"
        let text = "{\"cell\":\(cell),\"numbers\":[84],\"positions\":[[0,0,0]]}"
        #expect(refusal(text, "a.json").contains("three vectors"), "\(refusal(text, "a.json"))")
    }

    @Test(arguments: [
        ("[0,0,0]", "[0,0,NaN]", "abc"), ("[4,0,0]", "[Infinity,0,0]", "lattice"), ("1.0", "NaN", "occupancy"),
        ("1.0", "0.5", "Po1"), ("true,true]", "true,false]", "pbc"), ("Po4+", "X", "Po1"), ("Po4+", "Vac", "Po1"),
        ("\"lattice\"", "\"cell\"", "expected"),
    ])
    func json_thatCannotBeUsed_isRefusedByName(old: String, new: String, part: String) {
        let text = refusal(Self.json.replacingOccurrences(of: old, with: new), "a.json")
        #expect(text.contains(part), "\(text)")
    }

    @Test(arguments: [
        ("\"energy\":-12", -6.0), ("\"energy\":-12,\"correction\":-1", -6.5), ("\"energy_per_atom\":-6.25", -6.25),
        ("\"energy\":-12,\"correction\":0,\"energy_adjustments\":[]", -6),
        ("\"energy\":-12,\"energy_adjustments\":[{\"value\":-0.5},{\"adj_per_atom\":-0.25,\"n_atoms\":2}]", -6.5),
        ("\"energy\":-12,\"correction\":-1,\"energy_adjustments\":[{\"value\":-0.5,\"x\":NaN},{\"value\":-0.5}]", -6.5),
        ("\"energy\":-12,\"energy_adjustments\":[{\"adj_per_deg\":0.001,\"temp\":500,\"n_atoms\":2}]", -5.5),
        ("\"energy\":-12,\"correction\":null,\"energy_adjustments\":null,\"other\":-Infinity", -6),
    ])
    func statedEnergy_isTheEntrysWithItsCorrections(fields: String, energyPerAtom: Double) throws {
        let text = "{\"composition\":{\"Fe2+\":0.5,\"Fe3+\":0.5,\"O2-\":1},\(fields)}"
        let stated = try #require(try entries(text, "a.json").first?.statedEnergy).get()
        #expect((stated.energyPerAtom - energyPerAtom).magnitude < 1e-12)
        #expect(stated.composition.formula == "Fe1 O1")
    }

    @Test(arguments: [
        ("\"energy\":-12,\"correction\":-1,\"energy_adjustments\":[{\"value\":-0.5}]", "add up"),
        ("\"energy\":-12,\"correction\":0,\"energy_adjustments\":[{\"value\":-0.5}]", "add up"),
        ("\"energy\":-12,\"energy_adjustments\":[{\"name\":\"odd\"}]", "energy_adjustments"),
        ("\"energy\":NaN", "energy"), ("\"energy\":-12,\"correction\":NaN", "correction"),
        ("\"energy\":\"x\"", "not the text \"x\""), ("\"energy\":\"-6.8\"", "take the quotes off"),
        ("\"e\":1", "energy"),
    ])
    func statedEnergy_thatIsUnclear_isRefused(fields: String, part: String) throws {
        let entry = try #require(try entries("{\"composition\":{\"Fe\":1},\(fields)}", "a.json").first)
        let error = #expect(throws: StructureFileError.self) { try entry.statedEnergy?.get() }
        #expect("\(try #require(error))".contains(part))
    }
}
