import Archive
import Base
import Coordination
import Crystals
import FineTuning
import Foundation
import Testing
import Trajectories

/// Which version a batch tells of, and how good it is.
@Suite struct BestMeasureTests {
    /// A batch of some versions' crystals, each with its height above the hull; nil: it could not be measured.
    private func batch(_ crystals: [(version: Int, height: Double?)]) throws -> ScoredBatch {
        let crystal = Crystal(
            spaceGroup: try #require(SpaceGroup(number: 225)),
            sites: [.init(wyckoff: 1, element: try #require(Element(symbol: "Na")), position: .zero)],
            lattice: LatticeParameters(a: 5, b: 5, c: 5, alpha: 90, beta: 90, gamma: 90))
        let scored = crystals.enumerated().map { index, item in
            ScoredCrystal(
                sampled: SampledCrystal(
                    id: CrystalID(version: PolicyVersion(item.version), unit: 0, index: index), crystal: crystal,
                    isTerminated: true, logProbability: .zero, referenceLogProbability: .zero),
                policy: Digest(of: Data()),
                outcome: item.height.map { .measured(.init(energyPerAtom: -1, energyAboveHull: $0)) }
                    ?? .failed(.engineCrashed), scoringSeconds: 0, sampledBy: "", scoredBy: "")
        }
        return ScoredBatch(step: 9, crystals: scored, seconds: 1)
    }

    @Test func stableFraction_countsFailedOnesAsUnstable() throws {
        let batch = try batch([(4, 0.05), (4, 0.2), (4, nil), (4, -0.1)])
        #expect(
            BestMeasure.stableFraction.judge(batch, verdicts: [], stableBelow: 0.1)
                == BestVersion(version: 4, measure: "stable_fraction", value: 0.5))
        #expect(BestMeasure.none.judge(batch, verdicts: [], stableBelow: 0.1) == nil)
    }

    @Test func reward_isTheMeanOfThoseThatHaveOne() throws {
        let batch = try batch([(4, 0.05), (4, 0.2), (4, nil)])
        let verdicts = [Verdict(reward: 1), Verdict(reward: 0.5), Verdict(reward: nil, reason: "engine_crashed")]
        #expect(
            BestMeasure.reward.judge(batch, verdicts: verdicts, stableBelow: 0.1)
                == BestVersion(version: 4, measure: "reward", value: 0.75))
        #expect(BestMeasure.reward.judge(batch, verdicts: [], stableBelow: 0.1) == nil)
    }

    /// Of a mixed batch, by the crystals of the version itself, where these are half of it.
    @Test func mixedBatch_tellsOfTheVersionThatSampledHalfOfIt() throws {
        let mixed = try batch([(3, 0.05), (4, 0.2), (4, 0.2), (4, 0.05)])
        #expect(BestMeasure.stableFraction.judge(mixed, verdicts: [], stableBelow: 0.1)?.version == 4)
        #expect(BestMeasure.stableFraction.judge(mixed, verdicts: [], stableBelow: 0.1)?.value == 1.0 / 3)
        let scattered = try batch([(1, 0.05), (2, 0.05), (3, 0.05)])
        #expect(BestMeasure.stableFraction.judge(scattered, verdicts: [], stableBelow: 0.1) == nil)
    }
}
