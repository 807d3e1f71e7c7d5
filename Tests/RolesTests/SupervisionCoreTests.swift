import Roles
import Testing

@Suite struct SupervisionCoreTests {
    private let now = Toys.begin

    private func makeCore() -> SupervisionCore {
        var learner = ChildSpecification(name: "learner", executable: "/l", arguments: [])
        learner.isPrimary = true
        learner.maximumRestarts = 1
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
        let asked = core.tick(now: now.advanced(by: .seconds(10)))
        #expect(asked == [.terminate(1)])
        let waiting = core.tick(now: now.advanced(by: .seconds(39)))
        #expect(waiting.isEmpty)
        let killed = core.tick(now: now.advanced(by: .seconds(40)))
        #expect(killed == [.kill(1)])
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

    @Test func stop_everyoneRunning_isAskedOnce() {
        var core = makeCore()
        _ = core.start(now: now)
        let asked = core.stop(now: now)
        #expect(asked == [.terminate(0), .terminate(1)])
        let again = core.stop(now: now)
        #expect(again.isEmpty)
        _ = core.exited(1, status: 0, now: now)
        let gone = core.exited(0, status: 0, now: now)
        #expect(gone == [.finish(0)])
    }
}
