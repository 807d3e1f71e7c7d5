import Foundation
import Kernels
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
                    var generator = Philox(seed: 1, stream: (version, unit, crystal))
                    seen.insert(generator.next())
                }
            }
        }
        #expect(seen.count == 512)
    }

    @Test func normal_hasMeanZeroAndVarianceOne() {
        var generator = Philox(seed: 5)
        let values = (0..<40_000).map { _ in generator.normal() }
        let mean = values.reduce(0, +) / 40_000
        let variance = values.reduce(0) { $0 + $1 * $1 } / 40_000
        #expect(abs(mean) < 0.02 && abs(variance - 1) < 0.03)
    }

    /// The mean of cos of a von Mises angle is I1/I0.
    @Test(arguments: [(0.01, 0.005), (1.0, 0.446397), (4.0, 0.863527), (50.0, 0.989949)])
    func vonMises_hasItsMeanCosine(kappa: Double, expected: Double) {
        var generator = Philox(seed: 6)
        let mean = (0..<40_000).reduce(0.0) { sum, _ in sum + cos(generator.vonMises(concentration: kappa)) } / 40_000
        #expect(abs(mean - expected) < 0.012)
    }

    @Test(arguments: [0, 1e-12, 1e-3, 1e4, 1e7, 1e12]) func vonMises_ofAnyConcentration_isAnAngle(kappa: Double) {
        var generator = Philox(seed: 7)
        for _ in 0..<200 { #expect(abs(generator.vonMises(concentration: kappa)) <= .pi + 1e-9) }
    }

    @Test func index_followsTheProbabilities() {
        var generator = Philox(seed: 8)
        var counts = [0, 0, 0]
        for _ in 0..<20_000 { counts[generator.index(probabilities: [0.2, 0, 0.8]) ?? 1] += 1 }
        #expect(counts[1] == 0)
        #expect(abs(Double(counts[0]) / 20_000 - 0.2) < 0.02)
        #expect(generator.index(probabilities: [0, 0]) == nil)
        #expect(generator.index(probabilities: [.nan]) == nil)
    }
}
