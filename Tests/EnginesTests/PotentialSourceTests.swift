import Engines
import Potentials
import Testing

@Suite struct PotentialSourceTests {
    @Test func load_ofEachName_isThatPotential() throws {
        let loaded = try PotentialSource.names.map { try PotentialSource.load($0) }
        #expect(loaded.map(\.name) == ["chgnet-0.3.0", "chgnet-0.3.0", "chgnet-0.2.0", "chgnet-r2scan"])
        #expect(Set(loaded.map(\.digest)).count == 3)
        #expect(loaded[0].digest == loaded[1].digest)
    }

    @Test func load_ofAnotherName_tellsTheNames() {
        let error = #expect(throws: ModelError.self) { try PotentialSource.load("mace") }
        for name in PotentialSource.names + ["mace", ".safetensors"] {
            #expect(error?.description.contains(name) == true)
        }
    }
}
