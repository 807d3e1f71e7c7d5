import Coordination
import Crystals
import FleetFixtures
import Testing
import Trajectories

@Suite struct WaitingTextTests {
    private let now = Toys.begin

    private func report(_ change: (inout HubReport) -> Void) throws -> HubReport {
        var core = HubCore(
            configuration: try Toys.configuration(), generator: SystemRandomNumberGenerator())
        core.begin(version: 3, policy: Blob([1]), reference: Blob([2]), now: now)
        var report = core.state(now: now)
        change(&report)
        return report
    }

    @Test func waitingText_nobodyThere_namesWhoIsMissing() throws {
        let fresh = try report { _ in }
        #expect(fresh.waitingText?.contains("units wait, no actor has joined") == true)
        let sampled = try report {
            $0.unitsWaiting = 0
            $0.recipes[0].crystalsWaiting = 32
        }
        #expect(sampled.waitingText?.contains("32 crystals wait, no reward worker has joined") == true)
    }

    @Test func waitingText_whereWorkersMustBringTheirEngine_namesIt() throws {
        let sampled = try report {
            $0.unitsWaiting = 0
            $0.recipes[0].crystalsWaiting = 2
            $0.recipes[0].broughtEngine = "external emt"
        }
        #expect(sampled.waitingText?.contains("no reward worker that measures with external emt has joined") == true)
    }

    /// It may be the one that is waited for: another one need not be started.
    @Test func waitingText_whileAWorkerLoadsItsEngine_saysSo() throws {
        let loading = try report {
            ($0.unitsWaiting, $0.rewardWorkers) = (0, 1)
            $0.recipes[0].crystalsWaiting = 2
            $0.recipes[0].broughtEngine = "external emt"
        }
        let text = try #require(loading.waitingText)
        #expect(text.hasSuffix("no reward worker that measures with external emt is ready yet (1 is preparing)"))
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
}
