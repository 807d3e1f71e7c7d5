import Base
import Foundation
import Testing

@Suite struct PhiloxTests {
    /// The known answers of Random123 for philox4x32-10.
    @Test func block_hasTheKnownAnswers() {
        #expect(
            Philox.block(counter: SIMD4(0, 0, 0, 0), key: SIMD2(0, 0))
                == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = UInt32.max
        #expect(
            Philox.block(counter: SIMD4(ones, ones, ones, ones), key: SIMD2(ones, ones))
                == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            Philox.block(
                counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: SIMD2(0xa409_3822, 0x299f_31d0)
            )
                == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func streams_areApart() {
        var seen: Set<UInt64> = []
        for version in 0..<8 as Range<UInt32> {
            for unit in 0..<8 as Range<UInt32> {
                for crystal in 0..<8 as Range<UInt32> {
                    var generator = Philox(seed: 1, domain: .testing, stream: (version, unit, crystal))
                    seen.insert(generator.next())
                }
            }
        }
        #expect(seen.count == 512)
    }

    @Test func normal_hasMeanZeroAndVarianceOne() {
        var generator = Philox(seed: 5, domain: .testing)
        let values = (0..<40_000).map { _ in generator.normal() }
        let mean = values.reduce(0, +) / 40_000
        let variance = values.reduce(0) { $0 + $1 * $1 } / 40_000
        #expect(abs(mean) < 0.02 && abs(variance - 1) < 0.03)
    }

    /// The mean of cos of a von Mises angle is I1/I0.
    @Test(arguments: [(0.01, 0.005), (1.0, 0.446397), (4.0, 0.863527), (50.0, 0.989949)])
    func vonMises_hasItsMeanCosine(kappa: Double, expected: Double) {
        var generator = Philox(seed: 6, domain: .testing)
        let mean =
            (0..<40_000).reduce(0.0) { sum, _ in sum + cos(generator.vonMises(concentration: kappa) ?? .nan) } / 40_000
        #expect(abs(mean - expected) < 0.012)
    }

    @Test(arguments: [0, 1e-12, 1e-3, 1e4, 1e7, 1e12]) func vonMises_ofAnyConcentration_isAnAngle(kappa: Double) {
        var generator = Philox(seed: 7, domain: .testing)
        for _ in 0..<200 { #expect(abs(generator.vonMises(concentration: kappa) ?? .nan) <= .pi + 1e-9) }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -1, .signalingNaN])
    func vonMises_ofNoConcentration_returnsNil(kappa: Double) {
        var generator = Philox(seed: 7, domain: .testing)
        #expect(generator.vonMises(concentration: kappa) == nil)
    }

    @Test func domains_neverShareAStream() {
        let values = StreamDomain.allCases.map(\.rawValue)
        #expect(Set(values).count == values.count && values.allSatisfy { (1..<256).contains($0) })
        let words: [UInt32] = [0, 1, 2, 31, 0x4550_4f43, 0x4556_414c, 0x5745_4947, .max]
        var names: Set<SIMD4<UInt32>> = []
        for domain in StreamDomain.allCases {
            for first in words {
                for second in words {
                    for third in [0, 1, 31, 0xFF_FFFF] as [UInt32] {
                        names.insert(Philox(seed: 1, domain: domain, stream: (first, second, third)).streamName)
                    }
                }
            }
        }
        #expect(names.count == StreamDomain.allCases.count * words.count * words.count * 4)
    }

    /// Version 0 of a run and the tools used the same numbers once.
    @Test func sameWordsAndSeed_inTwoDomains_giveOtherNumbers() {
        let first = StreamDomain.allCases.map { domain in
            var generator = Philox(seed: 1, domain: domain)
            return generator.next()
        }
        #expect(Set(first).count == first.count)
    }

    @Test func index_followsTheProbabilities() {
        var generator = Philox(seed: 8, domain: .testing)
        var counts = [0, 0, 0]
        for _ in 0..<20_000 { counts[generator.index(probabilities: [0.2, 0, 0.8]) ?? 1] += 1 }
        #expect(counts[1] == 0)
        #expect(abs(Double(counts[0]) / 20_000 - 0.2) < 0.02)
        #expect(generator.index(probabilities: [0, 0]) == nil)
        #expect(generator.index(probabilities: [.nan]) == nil)
    }
}
