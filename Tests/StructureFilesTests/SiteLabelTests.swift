import Crystals
import StructureFiles
import Testing

/// Which atoms a CIF lists: elements from labels and types, the formula as witness.
struct SiteLabelTests {
    /// A cell of 6 Å with rows of label, type and coordinates; the type "-" leaves the column out.
    private func cif(
        _ rows: [(label: String, type: String, place: String)], formula: String? = nil,
        operations: [String] = ["x,y,z"],
        columns: [String] = [], extra: String = ""
    ) -> [UInt8] {
        var lines = ["data_x"]
        for (name, value) in [("length_a", 6.0), ("length_b", 6), ("length_c", 6)] {
            lines.append("_cell_\(name) \(value)")
        }
        for name in ["alpha", "beta", "gamma"] { lines.append("_cell_angle_\(name) 90") }
        if let formula { lines.append("_chemical_formula_sum '\(formula)'") }
        lines +=
            ["loop_", "_symmetry_equiv_pos_as_xyz"] + operations.map { "'\($0)'" } + ["loop_", "_atom_site_label"]
        let hasTypes = rows.contains { $0.type != "-" }
        if hasTypes { lines.append("_atom_site_type_symbol") }
        lines += ["_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z"] + columns
        lines += rows.map { "\($0.label) \(hasTypes ? $0.type : "") \($0.place) \(extra)" }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    private func formula(_ bytes: [UInt8]) throws -> String {
        try CIFContent(bytes).structure().composition.formula
    }

    private func refusal(_ bytes: [UInt8]) -> String {
        do {
            return "read as " + (try formula(bytes))
        } catch {
            return "\(error)"
        }
    }

    @Test(
        arguments: [
            ("Fe1A", "Fe", nil), ("O2-", "O", nil), ("Cl", "Cl", nil), ("OW1", "O", nil), ("Ow", "O", nil),
            ("D1", "H", nil),
            ("T2", "H", "T"), ("OSi1", "O", "O"), ("Fe1_Na", "Fe", nil), ("FeMg1", "Mg", "Mg"), ("RE1", "Re", "Re"),
            ("H12", "H", nil), ("Fe3+", "Fe", nil), ("MG", "Mg", nil), ("Co1", "Co", nil),
            ("MgM1", "Mg", nil),
            ("Sr2+", "Sr", nil), ("Ca2+_1", "Ca", nil), ("AlT", "Al", nil), ("OH", "O", nil), ("Obr", "O", nil),
            // What the formula decides.
            ("FE", "Fe", "Fe"), ("fe2", "Fe", "Fe2"), ("CO1", "Co", "Co"), ("CO1", "C", "C"), ("HO2", "H", "H"),
            ("HO2", "Ho", "Ho"), ("CA", "Ca", "Ca2"), ("CA", "C", "C"), ("NA1", "Na", "Na"), ("HG11", "H", "H"),
            ("HG11", "Hg", "Hg"), ("Wat", "O", "O"), ("Wat1", "O", "O3"), ("H2O1", "O", "O"), ("Water", "O", "O"),
        ] as [(String, String, String?)])
    func label_ofOneMeaning_isRead(label: String, symbol: String, formula stated: String?) throws {
        let text = try formula(cif([(label, "-", "0 0 0")], formula: stated))
        #expect(text == "\(symbol)1")
    }

    @Test(
        arguments: [
            ("Wat", nil), ("WAT1", nil), ("HOH", nil), ("H2O", nil), ("CO1", nil), ("HO2", nil), ("CA", nil),
            ("NA1", nil),
            ("HG11", nil), ("Wat", "W"), ("Wat", "Mg"), ("X", nil), ("Q1", nil), ("Du", nil), ("Dum1", nil),
            ("Vac", nil),
            ("Va1", nil), ("Vac1", "V"), ("Cg", nil), ("Cent1", nil), ("Qq1", nil), ("1", nil), ("*", nil), ("?", nil),
            (".", nil), ("W1", "Mg O"), ("FE", nil),
            // Tetrahedral sites, rare earths, and sites that several elements share.
            ("T1", nil), ("RE1", nil), ("REE", nil), ("AlSi1", nil), ("La/Ce", nil), ("K,Na", nil), ("VCr1", nil),
            ("Al0.5Si0.5", nil), ("FeMn2", nil),
        ] as [(String, String?)])
    func label_thatIsUnclearOrNoAtom_isRefusedByName(label: String, formula stated: String?) {
        let text = refusal(
            cif([("Mg1", "-", "0.5 0.5 0.5"), (label, "-", "0 0 0")], formula: stated.map { "Mg \($0)" }))
        #expect(!text.hasPrefix("read as"), "\(text)")
        #expect(text.contains(label == "?" || label == "." ? "row 2" : label) && text.contains("line"), "\(text)")
    }

    /// Both elements are there: the counts decide, and where they cannot nothing does.
    @Test func labels_thatBothFit_areDecidedByTheFormulasCounts() throws {
        let rows = [("C1", "-", "0 0 0"), ("CO1", "-", ".5 0 0"), ("O1", "-", "0 .5 0"), ("Co2", "-", "0 0 .5")]
        #expect(try formula(cif(rows, formula: "C Co2 O")) == "Co2 C1 O1")
        #expect(try formula(cif(rows, formula: "C2 Co O")) == "Co1 C2 O1")
        #expect(refusal(cif(rows, formula: "C3 Co2 O")).contains("CO1"))
        let water = [("Mg1", "-", "0 0 0"), ("HOH1", "-", ".5 0 0"), ("H1", "-", ".5 .1 0"), ("H2", "-", ".5 0 .1")]
        #expect(try formula(cif(water, formula: "Mg H2 O")) == "Mg1 H2 O1")
    }

    @Test(arguments: [
        ("Fe2+", "Fe"), ("FE", "Fe"), ("'Fe 3+'", "Fe"), ("Fe(III)", "Fe"), ("T", "H"), ("O2-", "O"), ("Fe3", "Fe"),
        ("D", "H"), ("Cl-", "Cl"), ("O-2", "O"),
        ("CO", "Co"),
    ])
    func type_tellsTheElement_whateverTheLabel(type: String, symbol: String) throws {
        #expect(try formula(cif([("Wat1", type, "0 0 0")])) == "\(symbol)1")
    }

    @Test(arguments: ["Mg/Fe", "OH", "Wat", "X", "Vac", "H2O", "O-H", "Qq"])
    func type_ofNoElement_isRefused(type: String) {
        let text = refusal(cif([("A1", type, "0 0 0")]))
        #expect(!text.hasPrefix("read as") && text.contains("A1"), "\(text)")
    }

    @Test func dummyByFlag_isRefused() {
        let text = refusal(cif([("C1", "C", "0 0 0")], columns: ["_atom_site_calc_flag"], extra: "dum"))
        #expect(text.contains("C1") && text.contains("dummy"), "\(text)")
    }

    @Test(arguments: ["Na Cl", "Na4 Cl4", "Cl1 Na1", "NaCl", "Na2Cl2", "Na1+ Cl1-", "?", "NA CL", "Na1.000 Cl1.000"])
    func formula_ofTheListedAtoms_isAccepted(stated: String) throws {
        #expect(try formula(cif([("Na1", "Na", "0 0 0"), ("Cl1", "Cl", ".5 .5 .5")], formula: stated)) == "Na1 Cl1")
    }

    @Test(arguments: [
        "Ca (O H)2", "Ca(OH)2", "Ca 2+, 2(H O 1-)", "[Ca (O H)2]", "Ca O . H2 O", "Ca O \u{B7} H2 O", "Ca O * H2O",
        "2 (Ca O2 H2)", "Ca H2 O2", "Ca O2 x H2", "{Ca [O2 H2]}n",
    ])
    func formula_withGroups_isRead(stated: String) throws {
        let atoms = [
            ("Ca1", "Ca", "0 0 0"), ("O1", "O", ".5 0 0"), ("O2", "O", "0 .5 0"), ("H1", "H", ".5 .2 0"),
            ("H2", "H", ".2 .5 0"),
        ]
        #expect(try formula(cif(atoms, formula: stated)).contains("H2"))
        let bare = refusal(cif(Array(atoms.prefix(3)), formula: stated))
        #expect(bare.contains("hydrogens have no positions"), "\(bare)")
    }

    /// Where the sum formula is missing or unreadable the others are witnesses.
    @Test func formula_underOtherTags_isAWitness() {
        let rows = [("Ca1", "Ca", "0 0 0"), ("O1", "O", ".5 0 0"), ("O2", "O", "0 .5 0")]
        for tag in ["_chemical_formula_moiety", "_chemical_formula_structural", "_chemical_formula.sum"] {
            let text = String(decoding: cif(rows, formula: "?"), as: UTF8.self).replacing(
                "data_x\n", with: "data_x\n\(tag) 'Ca (O H)2'\n")
            #expect(refusal(Array(text.utf8)).contains("hydrogens have no positions"), "\(tag)")
        }
    }

    @Test(arguments: ["Na Cl2", "Na Cl H2 O", "Na", "K Cl", "Na3 Cl4", "Na1+ O2-"])
    func formula_ofOtherAtoms_isRefusedWithBoth(stated: String) {
        let text = refusal(cif([("Na1", "Na", "0 0 0"), ("Cl1", "Cl", ".5 .5 .5")], formula: stated))
        #expect(text.contains("Na1 Cl1") && text.contains(stated), "\(text)")
    }

    @Test func hydrogensWithoutPositions_areRefused() {
        for formula in [nil, "Na Cl H", "Na Cl D2"] {
            let text = refusal(
                cif(
                    [("Na1", "Na", "0 0 0"), ("Cl1", "Cl", ".5 .5 .5")], formula: formula,
                    columns: ["_atom_site_attached_hydrogens"], extra: "1"))
            #expect(text.contains("hydrogens"), "\(text)")
        }
    }

    /// The same atom twice, shifted by a lattice vector or a hair; nothing is merged in silence without symmetry.
    @Test(arguments: ["0 0 0", "1 0 0", "0 -1 1", "0.0001 0 0", "0.999 1 0", "0.01 0 0"])
    func atomsOnOneSite_areRefusedByTheirLabels(place: String) {
        let bytes = cif([("Si1", "Si", "0 0 0"), ("Si7", "Si", ".5 .5 .5"), ("Si2", "Si", place)])
        for text in [refusal(bytes), "\(Result { try CIFContent(bytes).crystal() })"] {
            #expect(text.contains("Si1 (line") && text.contains("Si2 (line"), "\(text)")
        }
    }

    /// Under operations the images of a site may be listed; near misses are mistakes.
    @Test func imagesUnderSymmetry_areMergedOrRefused() throws {
        let operations = ["x,y,z", "-x,-y,-z"]
        #expect(
            try formula(cif([("Si1", "Si", ".1 0 0"), ("Si2", "Si", ".9 0 0")], operations: operations)) == "Si2")
        let text = refusal(cif([("Si1", "Si", ".005 0 0")], operations: operations))
        #expect(text.contains("Si1") && text.contains("image by symmetry"), "\(text)")
        let pair = refusal(cif([("Si1", "Si", ".1 0 0"), ("Si2", "Si", ".91 0 0")], operations: operations))
        #expect(pair.contains("Si1") && pair.contains("Si2"), "\(pair)")
    }
}
