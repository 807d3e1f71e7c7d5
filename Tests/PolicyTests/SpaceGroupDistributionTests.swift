import Base
import Crystals
import Policy
import Testing

/// What weights say of the space groups they were trained on, which may be anything.
@Suite struct SpaceGroupDistributionTests {
    private func drawn(_ text: String) -> Set<Int> {
        let distribution = SpaceGroupDistribution(metadata: [SpaceGroupDistribution.metadataKey: text])
        var generator = Philox(seed: 1, domain: .testing)
        return Set((0..<200).map { _ in distribution.draw(&generator).number })
    }

    @Test func groupWrittenTwice_countsOnce() {
        #expect(drawn(#"{"225":3,"0225":1,"+225":2,"-1":7,"231":4}"#) == [225])
    }

    @Test func countsBeyondAnySum_areShares() {
        #expect(drawn(#"{"1":9223372036854775807,"225":9223372036854775807}"#) == [1, 225])
    }
}
