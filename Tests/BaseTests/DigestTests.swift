import Base
import Testing

@Suite struct DigestTests {
    @Test func digest_ofHexadecimalText_readsBack() {
        let digest = Digest(of: [1, 2, 3])
        #expect(Digest(hexadecimal: digest.hexadecimal) == digest)
        #expect(Digest(hexadecimal: "abc") == nil)
        #expect(Digest(hexadecimal: String(repeating: "g", count: 64)) == nil)
        #expect(Digest(bytes: [1, 2]) == nil)
    }
}
