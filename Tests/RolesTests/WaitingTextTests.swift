import Crystals
import Rewards
import Roles
import Testing

@Suite struct WaitingTextTests {
    private let now = Toys.begin

    private func report(_ change: (inout HubReport) -> Void) throws -> HubReport {
        var core = HubCore(
            configuration: try Toys.configuration(), generator: SystemRandomNumberGenerator())
        core.begin(version: 3, policy: WeightBlob([1]), reference: WeightBlob([2]), now: now)
        var report = core.state(now: now)
        change(&report)
        return report
    }

    @Test func waitingText_nobodyThere_namesWhoIsMissing() throws {
        let fresh = try report { _ in }
        #expect(fresh.waitingText?.contains("units wait, no actor has joined") == true)
        let sampled = try report {
            $0.unitsWaiting = 0
            $0.crystalsWaiting = 32
        }
        #expect(sampled.waitingText?.contains("32 crystals wait, no reward worker has joined") == true)
    }

    @Test func waitingText_actorsWithoutWeights_saysSo() throws {
        let joined = try report {
            $0.unitsWaiting = 8
            $0.actors = 2
        }
        #expect(joined.waitingText?.contains("8 units wait, no actor holds version 3 yet (2 joined)") == true)
    }

    @Test func waitingText_workThatIsHeld_namesTheHolder() throws {
        let held = try report {
            $0.unitsWaiting = 0
            $0.rewardWorkers = 1
            $0.oldestTask = HeldWork(holder: "reward-worker node3:4711", count: 3, seconds: 140.4)
        }
        #expect(held.waitingText?.contains("3 tasks are with reward-worker node3:4711 for 140 s") == true)
        #expect(try report { $0.unitsWaiting = 0 }.waitingText == nil)
    }

    @Test func check_nothingMoves_isToldAfterTenSecondsAndThenEachMinute() throws {
        var watch = WaitingWatch()
        let stuck = try report { _ in }
        let told = (0..<200).filter { watch.check(stuck, now: now.advanced(by: .seconds($0))) != nil }
        #expect(told == [10, 70, 130, 190])
        let moved = try report { $0.crystalsDone += 1 }
        let again = (200..<220).filter { watch.check(moved, now: now.advanced(by: .seconds($0))) != nil }
        #expect(again == [210])
    }

    private func batch(_ outcomes: [RewardOutcome]) throws -> ScoredBatch {
        let unit = WorkUnit(runSeed: 1, version: 4, unit: 0, crystalCount: outcomes.count)
        let crystals = try zip(Toys.crystals(of: unit, weights: [1]), outcomes).map {
            ScoredCrystal(sampled: $0, outcome: $1, scoringSeconds: 0, sampledBy: "", scoredBy: "")
        }
        return ScoredBatch(version: 4, crystals: crystals, seconds: 1)
    }

    @Test func warning_mostCrystalsFail_saysWhy() throws {
        let score = RewardOutcome.scored(Score(energyPerAtom: -1, energyAboveHull: 0.1, reward: 0.9))
        let krypton = RewardOutcome.failed(.missingReference(try #require(.init(symbol: "Kr"))))
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
