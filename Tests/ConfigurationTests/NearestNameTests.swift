import Configuration
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("versoins", "versions"), ("klweight", "kl_weight"), ("Seed", "seed"), ("frobnicate", nil), ("se", nil),
    ])
    func unknownName_isMetByTheOneThatWasMeant(name: String, expected: String?) {
        #expect(NearestName.of(name, among: ["versions", "kl_weight", "seed", "threads"]) == expected)
    }
}
