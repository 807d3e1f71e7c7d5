import FleetFixtures
import Launch
import Testing

@Suite struct SupervisionCoreTests {
    private let now = Toys.begin

    private func makeCore() -> SupervisionCore {
        var learner = ChildSpecification(name: "learner", executable: "/l", arguments: [])
        learner.isPrimary = true
        learner.failuresPerHour = 1
        return SupervisionCore(children: [learner, ChildSpecification(name: "actor", executable: "/a", arguments: [])])
    }

    @Test func exited_deadChild_startsAgainAfterItsWait() {
        var core = makeCore()
        let first = core.start(now: now)
        #expect(first == [.start(0, isRestart: false), .start(1, isRestart: false)])
        let death = core.exited(1, status: 137, now: now)
        #expect(death.count == 1)
        let early = core.tick(now: now.advanced(by: .milliseconds(400)))
        #expect(early.isEmpty)
        let due = core.tick(now: now.advanced(by: .milliseconds(500)))
        #expect(due == [.start(1, isRestart: true)])
        #expect(core.restarts == [0, 1])
        let second = now.advanced(by: .seconds(1))
        _ = core.exited(1, status: 1, now: second)
        let tooEarly = core.tick(now: second.advanced(by: .milliseconds(900)))
        #expect(tooEarly.isEmpty)
        let doubled = core.tick(now: second.advanced(by: .seconds(1)))
        #expect(doubled == [.start(1, isRestart: true)])
    }

    @Test func exited_primaryWithSuccess_letsTheOthersLeave() {
        var core = makeCore()
        _ = core.start(now: now)
        let success = core.exited(0, status: 0, now: now)
        #expect(success.isEmpty)
        let settled = core.exited(1, status: 0, now: now)
        #expect(settled == [.finish(0)])
    }

    @Test func tick_childThatStays_isAskedThenKilled() {
        var core = makeCore()
        _ = core.start(now: now)
        _ = core.exited(0, status: 0, now: now)
        var actions: [Int: [SupervisionCore.Action]] = [:]
        for second in 1...40 { actions[second] = core.tick(now: now.advanced(by: .seconds(second))) }
        #expect(actions.filter { !$0.value.isEmpty } == [3: [.terminate(1)], 33: [.kill(1)]])
        let gone = core.exited(1, status: 137, now: now)
        #expect(gone == [.finish(0)])
    }

    @Test func exited_primaryTooOften_endsWithFailure() {
        var core = makeCore()
        _ = core.start(now: now)
        _ = core.exited(0, status: 1, now: now)
        let restart = core.tick(now: now.advanced(by: .seconds(1)))
        #expect(restart == [.start(0, isRestart: true)])
        let second = core.exited(0, status: 1, now: now.advanced(by: .seconds(2)))
        #expect(second.contains(.terminate(1)))
        let gone = core.exited(1, status: 143, now: now.advanced(by: .seconds(2)))
        #expect(gone == [.finish(1)])
    }

    @Test func stop_everyoneRunning_asksThePrimaryAloneAndOnce() {
        var core = makeCore()
        _ = core.start(now: now)
        let asked = core.stop(now: now)
        #expect(asked == [.terminate(0)])
        let again = core.stop(now: now)
        #expect(again.isEmpty)
        // The others serve the version in hand, and are started again for it.
        _ = core.exited(1, status: 137, now: now)
        let restarted = core.tick(now: now.advanced(by: .seconds(1)))
        #expect(restarted == [.start(1, isRestart: true)])
        let stopped = core.exited(0, status: 3, now: now)
        #expect(stopped.isEmpty)
        let gone = core.exited(1, status: 0, now: now)
        #expect(gone == [.finish(3)])
    }

    /// However long the learner takes to end itself, asked to or not, whom it sent away is not started again.
    @Test(arguments: [(true, 3), (false, 0)] as [(Bool, Int32)])
    func exited_peerThatWasSentAway_isNotStartedAgain(isAsked: Bool, status: Int32) {
        var core = makeCore()
        _ = core.start(now: now)
        if isAsked { _ = core.stop(now: now) }
        #expect(core.exited(1, status: 4, now: now) == [])
        for second in 1...60 { #expect(core.tick(now: now.advanced(by: .seconds(second))) == []) }
        #expect(core.exited(0, status: status, now: now.advanced(by: .seconds(60))) == [.finish(status)])
        #expect(core.restarts == [0, 0])
    }

    /// It comes back with the learner that is started again, before or after it has left.
    @Test(arguments: [10, 100]) func exited_learnerThatSentPeersAway_isStartedAgainWithThem(at leave: Int) {
        var core = makeCore()
        _ = core.start(now: now)
        var actions: [SupervisionCore.Action] = []
        for tick in 1...200 {
            let moment = now.advanced(by: .milliseconds(100 * tick))
            if tick == 50 { actions += core.exited(0, status: 3, now: moment) }
            if tick == leave { actions += core.exited(1, status: 4, now: moment) }
            actions += core.tick(now: moment)
        }
        #expect(actions.filter { $0 == .start(0, isRestart: true) }.count == 1)
        #expect(actions.filter { $0 == .start(1, isRestart: true) }.count == 1)
        #expect(core.restarts == [1, 1])
        // What is a matter of course is not told: the learner's own end alone.
        #expect(actions.count { if case .log = $0 { true } else { false } } == 1)
    }

    @Test func stop_primaryThatCompletes_isASuccess() {
        var core = makeCore()
        _ = core.start(now: now)
        _ = core.stop(now: now)
        _ = core.exited(0, status: 0, now: now)
        let gone = core.exited(1, status: 0, now: now)
        #expect(gone == [.finish(0)])
    }

    @Test func stop_primaryThatDoesNotStop_isKilledAfterAll() {
        var core = makeCore()
        _ = core.start(now: now)
        _ = core.stop(now: now)
        var actions: [SupervisionCore.Action] = []
        for second in 1...121 { actions += core.tick(now: now.advanced(by: .seconds(second))) }
        #expect(actions.filter { $0 == .terminate(0) || $0 == .kill(0) } == [.terminate(0), .kill(0)])
        _ = core.exited(1, status: 0, now: now)
        let gone = core.exited(0, status: 137, now: now)
        #expect(gone == [.finish(3)])
    }

    @Test func abort_everyoneRunning_isKilledAtOnce() {
        var core = makeCore()
        _ = core.start(now: now)
        _ = core.stop(now: now)
        let killed = core.abort(status: 130)
        #expect(killed == [.kill(0), .kill(1)])
        _ = core.exited(1, status: 137, now: now)
        let gone = core.exited(0, status: 137, now: now)
        #expect(gone == [.finish(130)])
    }

    @Test func save_runningPrimary_isPassedOn() {
        var core = makeCore()
        _ = core.start(now: now)
        #expect(core.save() == [.save(0)])
        _ = core.exited(0, status: 137, now: now)
        #expect(core.save().isEmpty)
    }

    @Test func exited_childThatLeavesUnasked_startsAgain() {
        var core = makeCore()
        _ = core.start(now: now)
        let left = core.exited(1, status: 0, now: now)
        #expect(left == [.log("actor left before the end of the run; starting it again in 500 ms")])
        let back = core.tick(now: now.advanced(by: .seconds(3)))
        #expect(back.contains(.start(1, isRestart: true)))
        // So does a learner that somebody stopped behind the supervisor's back.
        _ = core.exited(0, status: 3, now: now.advanced(by: .seconds(4)))
        let resumed = core.tick(now: now.advanced(by: .seconds(5)))
        #expect(resumed == [.start(0, isRestart: true)])
    }

    @Test(arguments: [64, 78] as [Int32]) func exited_statusThatCannotHeal_isNotTriedAgain(status: Int32) {
        var core = makeCore()
        _ = core.start(now: now)
        let end = core.exited(0, status: status, now: now)
        #expect(end.contains(.terminate(1)))
        let gone = core.exited(1, status: 0, now: now)
        #expect(gone == [.finish(78)])
    }

    @Test func exited_peersThatCannotLive_endTheRunWithTheLastOfTheirKind() {
        var learner = ChildSpecification(name: "learner", executable: "/l", arguments: [])
        learner.isPrimary = true
        var workers = (1...2).map { ChildSpecification(name: "worker-\($0)", executable: "/w", arguments: []) }
        for index in workers.indices { workers[index].kind = "reward-worker" }
        var core = SupervisionCore(children: [learner] + workers)
        _ = core.start(now: now)
        let first = core.exited(1, status: 78, now: now)
        #expect(first.count == 1)
        let quiet = core.tick(now: now.advanced(by: .seconds(100)))
        #expect(quiet.isEmpty)
        let second = core.exited(2, status: 78, now: now)
        #expect(second.contains(.terminate(0)))
        let gone = core.exited(0, status: 3, now: now)
        #expect(gone == [.finish(78)])
    }

    @Test func exited_onceAnHour_neverExhaustsTheBudget() {
        var core = makeCore()
        _ = core.start(now: now)
        // Weeks of a learner that fails now and then, and is healthy between.
        for hour in 1...500 {
            let moment = now.advanced(by: .seconds(3600 * hour))
            _ = core.exited(0, status: 1, now: moment)
            _ = core.exited(1, status: 137, now: moment)
            let started = core.tick(now: moment.advanced(by: .milliseconds(500)))
            #expect(started == [.start(0, isRestart: true), .start(1, isRestart: true)])
        }
        #expect(core.restarts == [500, 500])
    }

    @Test func exited_killedEveryMinute_goesOn() {
        var core = makeCore()
        _ = core.start(now: now)
        for minute in 1...300 {
            _ = core.exited(0, status: 137, now: now.advanced(by: .seconds(62 * minute)))
            let started = core.tick(now: now.advanced(by: .seconds(62 * minute + 2)))
            #expect(started == [.start(0, isRestart: true)])
        }
    }

    @Test func tick_afterAStandstill_givesTheChildrenTheirTime() {
        var core = makeCore()
        _ = core.start(now: now)
        _ = core.tick(now: now)
        _ = core.exited(0, status: 0, now: now)
        let woken = core.tick(now: now.advanced(by: .seconds(1000)))
        #expect(woken.isEmpty)
        let asked = core.tick(now: now.advanced(by: .seconds(1001)))
        #expect(asked.isEmpty)
    }
}
