import Base
import Crystals
import Fleet
import FleetFixtures
import Testing
import Trajectories

@Suite struct ScoringFailuresTests {
    private func batch(_ outcomes: [Outcome]) throws -> ScoredBatch {
        let unit = WorkUnit(runSeed: 1, version: 4, unit: 0, crystalCount: outcomes.count)
        let crystals = try zip(Toys.crystals(of: unit, weights: [1]), outcomes).map {
            ScoredCrystal(
                sampled: $0, policy: Digest(of: [1]), outcome: $1, scoringSeconds: 0, sampledBy: "", scoredBy: "")
        }
        return ScoredBatch(step: 4, crystals: crystals, seconds: 1)
    }

    @Test func warning_mostCrystalsFail_saysWhy() throws {
        let score = Outcome.measured(Measurement(energyPerAtom: -1, energyAboveHull: 0.1))
        let krypton = Outcome.failed(.missingReference(try #require(.init(symbol: "Kr"))))
        let failures = ScoringFailures(try batch([krypton, krypton, krypton, score]))
        #expect(!failures.nothingToLearn)
        #expect(failures.warning?.contains("3 of 4") == true)
        #expect(failures.warning?.contains("3 × missing_reference: the hull has no energy of elemental Kr") == true)
        #expect(ScoringFailures(try batch([krypton, score, score, score])).warning == nil)
        let barren = ScoringFailures(try batch([krypton, .invalid(.atomsTooClose), krypton]))
        #expect(barren.nothingToLearn)
        #expect(barren.warning?.contains("nothing is learnt") == true)
    }
}
