import Base

/// What the end of a supervised process means, by its exit status.
enum ChildEnd: Sendable, Hashable {
    /// A primary that has done all it was asked for.
    case complete
    /// It was ended from outside, or told to leave: nothing is wrong with it.
    case interrupted
    /// A peer that the learner sent away.
    case dismissed
    /// It failed, and may do better when started again.
    case failed
    /// It would fail again.
    case cannotHeal

    /// - Parameter status: the exit status; 128 + the signal that killed it.
    init(status: Int32, isPrimary: Bool) {
        switch status {
        case ExitStatus.complete.rawValue: self = isPrimary ? .complete : .interrupted
        case ExitStatus.stopped.rawValue: self = .interrupted
        case ExitStatus.dismissed.rawValue where !isPrimary: self = .dismissed
        // SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGTERM: no program ends itself with one of these.
        case 129, 130, 137, 138, 143: self = .interrupted
        case ExitStatus.usage.rawValue, ExitStatus.cannotHeal.rawValue: self = .cannotHeal
        default: self = .failed
        }
    }
}
