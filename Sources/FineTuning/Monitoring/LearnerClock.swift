package import Base
package import Monitoring

/// How long the learner has done what.
package struct LearnerClock: Sendable {
    package private(set) var activity = RunStatus.LearnerActivity.waiting
    /// When it began with that.
    private var since: Moment
    private let begin: Moment
    /// Of what is over, seconds.
    private var past = RunStatus.LearnerTime()
    private var windows = (waiting: RateWindow(), storing: RateWindow(), training: RateWindow(), saving: RateWindow())

    package init(now: Moment) {
        since = now
        begin = now
        look(now: now)
    }

    /// Begins with something.
    package mutating func enter(_ activity: RunStatus.LearnerActivity, now: Moment) {
        past = total(now: now)
        since = now
        self.activity = activity
        look(now: now)
    }

    /// Notes the times so far, for shares; called about once a second.
    package mutating func look(now: Moment) {
        let total = total(now: now)
        let time = begin.duration(to: now).seconds
        windows.waiting.note(total.waiting, at: time)
        windows.storing.note(total.storing, at: time)
        windows.training.note(total.training, at: time)
        windows.saving.note(total.saving, at: time)
    }

    /// The times since the start, seconds.
    package func total(now: Moment) -> RunStatus.LearnerTime {
        var total = past
        let time = max(0, since.duration(to: now).seconds)
        switch activity {
        case .waiting: total.waiting += time
        case .storing: total.storing += time
        case .training: total.training += time
        case .saving, .waitingForRoom: total.saving += time
        }
        return total
    }

    /// For how long it has done what it does, seconds.
    package func seconds(now: Moment) -> Double { max(0, since.duration(to: now).seconds) }

    /// The shares of the last minutes.
    package func shares(now: Moment) -> RunStatus.TimeShares {
        let length = RateWindow.longest
        let rates = [windows.waiting, windows.storing, windows.training, windows.saving].map { $0.rate(over: length) }
        let sum = rates.reduce(0, +)
        let shares = sum > 0 ? rates.map { $0 / sum } : [1, 0, 0, 0]
        return RunStatus.TimeShares(
            seconds: windows.waiting.span(over: length),
            learner: .init(waiting: shares[0], storing: shares[1], training: shares[2], saving: shares[3]),
            learnerSeconds: total(now: now))
    }
}
