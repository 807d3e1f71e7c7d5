/// Philox4x32-10, a counter-based random number generator (Salmon et al., SC 2011, doi 10.1145/2063384.2063405).
///
/// A stream is a function of its key and counter alone, so the numbers of a crystal do not depend on who draws them or
/// when.
package struct Philox: RandomNumberGenerator, Sendable {
    private let key: SIMD2<UInt32>
    private var counter: SIMD4<UInt32>
    private var block = SIMD4<UInt32>()
    private var used = 4

    /// The bits of the third word of a stream; the domain has the others.
    private static let indexBits: UInt32 = 24

    /// - Parameters:
    ///   - seed: the key.
    ///   - domain: what the numbers are for.
    ///   - stream: three words that name the stream within its domain, such as (version, unit, crystal).
    /// - Precondition: the third word is below 2²⁴.
    package init(seed: UInt64, domain: StreamDomain, stream: (UInt32, UInt32, UInt32) = (0, 0, 0)) {
        precondition(stream.2 >> Self.indexBits == 0 && domain.rawValue < 256, "the third word of a stream has 24 bits")
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        counter = SIMD4(0, stream.0, stream.1, domain.rawValue << Self.indexBits | stream.2)
    }

    /// The first block's counter: the name of the stream within its seed.
    package var streamName: SIMD4<UInt32> { SIMD4(0, counter[1], counter[2], counter[3]) }

    /// One block of the generator: the function that the published test vectors describe.
    package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var c = counter
        var k = key
        for _ in 0..<10 {
            let product0 = c[0].multipliedFullWidth(by: 0xD251_1F53)
            let product1 = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
            c = SIMD4(
                product1.high ^ c[1] ^ k[0], UInt32(product1.low), product0.high ^ c[3] ^ k[1], UInt32(product0.low))
            k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return c
    }

    private mutating func nextWord() -> UInt32 {
        if used == 4 {
            block = Philox.block(counter: counter, key: key)
            counter[0] &+= 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    package mutating func next() -> UInt64 {
        let low = UInt64(nextWord())
        return low | UInt64(nextWord()) << 32
    }

    /// A number in (0, 1), never an end point, with 53 random bits.
    package mutating func uniform() -> Double {
        (Double(next() >> 11) + 0.5) * 0x1p-53
    }
}
