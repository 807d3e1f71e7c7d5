import Coordination
import FleetFixtures
import Foundation
import Testing
import Trajectories

@Suite struct BatchGatheringTests {
    private func id(_ version: PolicyVersion, _ number: Int) -> CrystalID {
        CrystalID(version: version, unit: number / 4, index: number % 4)
    }

    // MARK: Exact version

    @Test func exactVersion_anyOrder_givesAllCrystalsInOrderOnce() {
        var gathering = ExactVersion(crystals: 10, crystalsPerUnit: 4)
        gathering.begin(7)
        var generator = SeededGenerator(seed: 3)
        let ids = (0..<10).map { id(7, $0) }
        for crystal in ids.shuffled(using: &generator) {
            #expect(gathering.takeBatch() == nil)
            #expect(gathering.state == GatheringState(kind: "exact_version", nextStep: 7))
            #expect(gathering.finish(crystal) == true)
            gathering.checkInvariants()
        }
        #expect(gathering.takeBatch() == ids)
        #expect(gathering.takeBatch() == nil)
        #expect(gathering.state == GatheringState(kind: "exact_version", nextStep: 8))
        gathering.begin(8)
        #expect(gathering.takeBatch() == nil)
        #expect(gathering.oldestVersion == 8)
    }

    @Test func exactVersion_anotherVersionsCrystal_isOfNoUse() {
        var gathering = ExactVersion(crystals: 1, crystalsPerUnit: 4)
        gathering.begin(7)
        for version in [6, 8] as [PolicyVersion] {
            let isTaken = gathering.finish(id(version, 0))
            #expect(!isTaken)
        }
        #expect(gathering.takeBatch() == nil)
    }

    // MARK: First complete

    @Test func firstComplete_takesTheOldestAndHoldsTheRest() {
        var gathering = FirstComplete(crystals: 3, maximumStaleness: 1)
        gathering.begin(5)
        for crystal in [id(5, 9), id(4, 2), id(5, 1), id(4, 3)] { #expect(gathering.finish(crystal) == true) }
        #expect(gathering.takeBatch() == [id(4, 2), id(4, 3), id(5, 9)])
        #expect(gathering.takeBatch() == nil)
        #expect(gathering.state == GatheringState(kind: "first_complete", nextStep: 6, held: [id(5, 1)]))
        gathering.checkInvariants()
        // What is two versions old is given up; what comes that late is of no use.
        #expect(gathering.begin(7) == 1)
        let isTaken = gathering.finish(id(5, 5))
        #expect(!isTaken && gathering.oldestVersion == 6)
    }

    /// Every crystal goes to one step, or is given up; none is older than the bound.
    @Test(arguments: 0..<10) func firstComplete_anyRun_usesEachCrystalOnce(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bound = Int.random(in: 0...3, using: &generator)
        var gathering = FirstComplete(crystals: 8, maximumStaleness: bound)
        var (used, givenUp, finished) = ([CrystalID](), 0, 0)
        var open: [CrystalID] = []
        for number in 0..<20 {
            let step = Step(number)
            givenUp += gathering.begin(step)
            open += (0..<12).map { id(step.startVersion, $0) }
            while true {
                if let batch = gathering.takeBatch() {
                    #expect(batch.count == 8 && batch == batch.sorted())
                    #expect(batch.allSatisfy { (0...bound).contains(step.staleness(of: $0.version)) })
                    used += batch
                    break
                }
                let crystal = open.remove(at: Int.random(in: open.indices, using: &generator))
                finished += 1
                if !gathering.finish(crystal) { givenUp += 1 }
                gathering.checkInvariants()
            }
        }
        #expect(Set(used).count == used.count)
        #expect(used.count + givenUp + gathering.state.held.count == finished)
    }

    // MARK: Going on from a checkpoint

    @Test func state_writtenAndRead_goesOn() throws {
        var gathering = FirstComplete(crystals: 2, maximumStaleness: 1)
        gathering.begin(5)
        for number in 0..<3 { #expect(gathering.finish(id(5, number)) == true) }
        _ = gathering.takeBatch()
        let text = try JSONEncoder().encode(gathering.state)
        let state = try JSONDecoder().decode(GatheringState.self, from: text)
        #expect(state == gathering.state)
        var resumed = FirstComplete(crystals: 2, maximumStaleness: 1)
        #expect(resumed.obstacle(toResuming: state, at: 6) == nil)
        resumed.resume(state)
        #expect(resumed.begin(6) == 0)
        #expect(resumed.finish(id(6, 0)) == true)
        #expect(resumed.takeBatch() == [id(5, 2), id(6, 0)])
    }

    @Test func obstacle_ofAnotherStepOrKind_saysWhich() throws {
        let gathering = ExactVersion(crystals: 8, crystalsPerUnit: 4)
        #expect(gathering.obstacle(toResuming: GatheringState(kind: "exact_version", nextStep: 3), at: 3) == nil)
        let step = gathering.obstacle(toResuming: GatheringState(kind: "exact_version", nextStep: 3), at: 4)
        #expect(step?.contains("step 3") == true && step?.contains("step 4") == true)
        let kind = gathering.obstacle(toResuming: GatheringState(kind: "first_complete", nextStep: 3), at: 3)
        #expect(kind?.contains("first_complete") == true && kind?.contains("exact_version") == true)
        let held = GatheringState(kind: "exact_version", nextStep: 3, held: [id(2, 0)])
        #expect(gathering.obstacle(toResuming: held, at: 3)?.contains("holds 1 crystals") == true)
    }

    @Test(arguments: ["", "1-2", "1-2-3-4", "a-b-c", "1--2-3", "-1-2-3"])
    func crystalID_ofWhatIsNoName_isNil(text: String) { #expect(CrystalID(text) == nil) }

    // MARK: In the hub

    /// The batch names its step and each crystal the version and the weights that sampled it; the state comes with it.
    @Test func batch_ofTheHub_carriesStepVersionDigestAndState() throws {
        var simulation = Simulation(try Toys.configuration())
        _ = try simulation.add(.actor)
        _ = try simulation.add(.rewardWorker)
        for version in 3..<5 {
            simulation.begin(version: version, weights: [UInt8(version)])
            #expect(try simulation.run { $0.batches.count == version - 2 })
        }
        for (batch, number) in zip(simulation.batches, 3...) {
            #expect(batch.step == Step(number) && batch.gathering?.nextStep == Step(number + 1))
            #expect(batch.crystals.allSatisfy { $0.sampled.id.version == batch.step.startVersion })
            #expect(Set(batch.crystals.map(\.policy)) == [Blob([UInt8(number)]).digest])
        }
        #expect(simulation.hub.counters.staleCrystals == 0)
    }
}
