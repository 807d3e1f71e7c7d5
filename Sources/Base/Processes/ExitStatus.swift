/// How a program ended, for whoever started it: the shell, a batch system, `druse launch`.
package enum ExitStatus: Int32, Sendable {
    /// All that was asked for is done.
    case complete = 0
    /// It failed; started again, it may succeed.
    case failure = 1
    /// It was asked to stop before the end; what is done is saved, and can be gone on with.
    case stopped = 3
    /// The learner sent it away: there is nothing to do until one is started again. Only `druse launch` hears it, of
    /// the processes it started; elsewhere it is ``complete``.
    case dismissed = 4
    /// The command line is wrong.
    case usage = 64
    /// It failed, and would again: a configuration, a file or another process has to change first. Only `druse launch`
    /// hears it, of the processes it started; elsewhere it is ``failure``.
    case cannotHeal = 78

    /// The status as it is told to whoever started the program.
    ///
    /// - Parameter isSupervised: Whether that is `druse launch`.
    package func told(isSupervised: Bool) -> ExitStatus {
        switch self {
        case .dismissed where !isSupervised: .complete
        case .cannotHeal where !isSupervised: .failure
        case .complete, .failure, .stopped, .dismissed, .usage, .cannotHeal: self
        }
    }

    /// The status for a program that ends with an error.
    package init(of error: any Error) {
        self = (error as? any LastingError)?.isLasting == true ? .cannotHeal : .failure
    }
}
