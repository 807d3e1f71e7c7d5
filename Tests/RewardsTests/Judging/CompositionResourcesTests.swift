import CrystalFixtures
import Crystals
import Rewards
import Testing

@Suite struct CompositionResourcesTests {
    private struct Answers: Decodable {
        struct Case: Decodable {
            var formula: String
            var price: Double?
            var hhiProduction: Double?
            var hhiReserve: Double?
        }
        var compositions: [Case]
    }

    private func composition(_ amounts: [String: Double]) throws -> Composition {
        var result: [Element: Double] = [:]
        for (symbol, amount) in amounts { result[try #require(Element(symbol: symbol))] = amount }
        return Composition(result)
    }

    /// `HHIModel` and `CostAnalyzer` of pymatgen (`Scripts/make-element-tables`), whose atomic masses are older.
    @Test func resources_ofCompounds_arePymatgens() throws {
        let cases = try Fixture.decode(Answers.self, "physics/elements/resources.json").compositions
        #expect(cases.count == 12)
        for item in cases {
            let composition = try #require(ChemicalFormula(item.formula)?.composition, "\(item.formula)")
            expect(composition.price, item.price, item.formula)
            expect(composition.hhiProduction, item.hhiProduction, item.formula)
            expect(composition.hhiReserve, item.hhiReserve, item.formula)
        }
    }

    private func expect(_ value: Double?, _ expected: Double?, _ formula: String) {
        guard let value, let expected else {
            #expect(value == nil && expected == nil, "\(formula)")
            return
        }
        #expect(abs(value / expected - 1) < 1e-3, "\(formula): \(value), not \(expected)")
    }

    /// By hand: (22.98976928 x 250 + 35.45 x 1.5) / (22.98976928 + 35.45) USD/kg.
    @Test func price_ofSalt_isTheMeanByMass() throws {
        let price = try #require(try composition(["Na": 4, "Cl": 4]).price)
        #expect(abs(price - 99.2580) < 1e-3)
        #expect(try composition(["Na": 1, "Cl": 1]).price == price)
    }

    /// Indium has 0.25 ppm, selenium 0.05 ppm, copper 60 ppm.
    @Test func crustalAbundance_isThatOfTheRarestElement() throws {
        #expect(try composition(["Cu": 1, "In": 1, "Se": 2]).crustalAbundance == 0.05)
        #expect(try composition(["Cu": 5, "In": 1]).crustalAbundance == 0.25)
        #expect(try composition(["Si": 1, "O": 2]).crustalAbundance == 282_000)
    }

    @Test func resources_ofAnElementWithoutValue_areNil() throws {
        let hydride = try composition(["Ca": 1, "H": 2])
        #expect(hydride.hhiProduction == nil && hydride.hhiReserve == nil)
        #expect(hydride.price != nil && hydride.crustalAbundance == 1400)
        let plutonium = try composition(["Pu": 1, "O": 2])
        #expect(plutonium.price == nil && plutonium.crustalAbundance == nil && plutonium.hhiReserve == nil)
        #expect(try composition(["Tc": 1]).crustalAbundance == nil)
        #expect(try composition(["U": 1, "O": 2]).price == nil)
        let nothing = Composition([:])
        #expect(nothing.price == nil && nothing.crustalAbundance == nil && nothing.hhiProduction == nil)
    }
}
