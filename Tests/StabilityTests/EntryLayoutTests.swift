import Crystals
import Foundation
import Stability
import Testing

/// The layouts in which files of entries come.
struct EntryLayoutTests {
    private func open(_ text: String) throws -> HullReference {
        let url = FileManager.default.temporaryDirectory.appending(path: "entries-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try HullReference.open(url)
    }

    private func energy(_ text: String) throws -> Double {
        let iron = try #require(Element(symbol: "Fe"))
        let oxygen = try #require(Element(symbol: "O"))
        let composition = Composition([iron: 1, oxygen: 1])
        return try #require(try open(text).lowestEntry(of: composition)).energyPerAtom
    }

    private static let entry = "{\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12,\"entry_id\":\"a\"}"

    @Test(arguments: [
        "{\"entries\":[\(entry)]}", "[\(entry)]", "\u{FEFF}[\(entry)]", entry, "\(entry)\n\(entry)\n", " [ \(entry) ] ",
        "{\"data\":[\(entry)]}", "{\"@module\":\"x\",\"entries\":[\(entry)],\"n\":NaN}", "{\"entries\":[\(entry)]}\n",
    ])
    func entries_inEveryLayout_areRead(text: String) throws {
        #expect(try energy(text) == -6)
    }

    @Test(arguments: [
        ("\"composition\":{\"Fe2+\":1,\"O2-\":1},\"energy\":-12", -6.0),
        ("\"composition\":{\"Fe2+\":2,\"Fe3+\":2,\"O2-\":4},\"energy\":-48", -6),
        ("\"composition\":{\"@class\":\"Composition\",\"Fe+2\":1,\"O-2\":1},\"energy\":-12", -6),
        ("\"composition\":{\"Fe\":2,\"O\":2},\"energy_per_atom\":-6.5", -6.5),
        ("\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12,\"correction\":-1", -6.5),
        ("\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12,\"correction\":-1,\"energy_per_atom\":-6", -6.5),
        ("\"energy_adjustments\":[{\"value\":-1}],\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12", -6.5),
        (
            "\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12,\"correction\":-1,\"energy_adjustments\":"
                + "[{\"@class\":\"CompositionEnergyAdjustment\",\"adj_per_atom\":-0.5,\"n_atoms\":2,"
                + "\"uncertainty\":NaN}]",
            -6.5
        ),
        (
            "\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12,\"energy_adjustments\":"
                + "[{\"adj_per_deg\":0.001,\"temp\":500,\"n_atoms\":2,\"name\":null}]", -5.5
        ),
        ("\"composition\":{\"Fe\":1,\"O\":1},\"energy\":-12,\"correction\":null,\"energy_adjustments\":null", -6),
    ])
    func entry_hasItsCorrectedEnergy(fields: String, energyPerAtom: Double) throws {
        #expect((try energy("[{\(fields)}]") - energyPerAtom).magnitude < 1e-12)
    }

    @Test(arguments: [
        (
            "[{\"composition\":{\"Fe\":1},\"energy\":-8,\"correction\":-1,\"energy_adjustments\":[{\"value\":-2}]}]",
            "add up"
        ),
        (
            "[{\"composition\":{\"Fe\":1},\"energy\":-8,\"energy_adjustments\":[{\"name\":\"x\"}]}]",
            "energy_adjustments"
        ),
        ("[{\"composition\":{\"Fe\":2},\"energy\":-16,\"energy_per_atom\":-16}]", "energy_per_atom"),
        ("[{\"composition\":{\"Vac\":1},\"energy\":-8}]", "'Vac' is not an element"),
        ("[{\"composition\":\"Fe2O3\",\"energy\":-8}]", "composition"), ("[{\"composition\":{\"Fe\":1}}]", "energy"),
        ("[{\"composition\":{\"Fe\":1},\"energy\":-8,\"correction\":NaN}]", "finite"), ("[]", "{\"entries\""),
        ("{\"a\":1}", "{\"entries\""), ("7", "list of such entries"), ("[3]", "list of such entries"),
    ])
    func entries_thatCannotBeUsed_areRefusedWithTheReason(text: String, part: String) {
        let error = #expect(throws: HullError.self) { try open(text) }
        #expect(error.map { "\($0)".contains(part) } == true, "\(String(describing: error))")
    }
}
