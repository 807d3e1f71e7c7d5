import Base
import Testing

@Suite struct SHA256Tests {
    /// FIPS 180-4 examples and the usual ones for block borders.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func hash_ofPublishedVectors_isThePublishedDigest(message: String, digest: String) {
        #expect(Digest(of: message.utf8).hexadecimal == digest)
    }

    @Test func hash_ofAMillionLetters_isThePublishedDigest() {
        let digest = Digest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        #expect(digest.hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func update_inPieces_equalsOneUpdate() {
        for length in 0...200 {
            let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
            var hash = SHA256()
            var start = 0
            var size = 1
            while start < length {
                hash.update(message[start..<min(length, start + size)])
                start += size
                size = size * 3 % 71 + 1
            }
            #expect(hash.finalize() == Digest(of: message))
        }
    }

    @Test func finalize_thenUpdate_goesOn() {
        var hash = SHA256()
        hash.update("ab".utf8)
        _ = hash.finalize()
        hash.update("c".utf8)
        #expect(hash.finalize() == Digest(of: "abc".utf8))
    }

    @Test func update_fromASequenceWithoutStorage_isTheSame() {
        #expect(Digest(of: sequence(first: UInt8(0)) { $0 < 99 ? $0 + 1 : nil }) == Digest(of: Array(0...99)))
    }

    @Test func update_ofACopy_leavesTheOriginalAlone() {
        var original = SHA256()
        original.update("ab".utf8)
        var copy = original
        copy.update("c".utf8)
        #expect(copy.finalize() == Digest(of: "abc".utf8))
        #expect(original.finalize() == Digest(of: "ab".utf8))
    }
}
