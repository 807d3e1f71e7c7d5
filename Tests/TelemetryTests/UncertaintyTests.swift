import Foundation
import Telemetry
import Testing

@Suite struct UncertaintyTests {
    @Test func summary_ofABatch_countsWhatIsAboveAndTheStableOnes() throws {
        let crystals = (1...100).map { StepRecord.Uncertainty.Crystal(Double($0) * 0.01, isStable: $0 <= 10) }
        let summary = try #require(StepRecord.Uncertainty(crystals, threshold: 0.8))
        #expect(summary.crystals == 100)
        #expect(abs(summary.mean - 0.505) < 1e-12)
        #expect(abs(summary.upper - 0.96) < 1e-12)
        #expect(abs(summary.above - 0.2) < 1e-12)
        #expect(abs((summary.stableMean ?? 0) - 0.055) < 1e-12)
        #expect(StepRecord.Uncertainty([], threshold: 0.1) == nil)
    }

    @Test func record_withAndWithoutUncertainty_readsBack() throws {
        var record = StepRecord(step: 3, time: Date(timeIntervalSince1970: 1))
        let encoder = JSONEncoder()
        #expect(!String(decoding: try encoder.encode(record), as: UTF8.self).contains("uncertainty"))
        record.uncertainty = .init([.init(0.25, isStable: false)], threshold: 0.1)
        let read = try JSONDecoder().decode(StepRecord.self, from: encoder.encode(record))
        #expect(read.uncertainty == record.uncertainty)
        #expect(read.uncertainty?.above == 1 && read.uncertainty?.stableMean == nil)
    }
}
