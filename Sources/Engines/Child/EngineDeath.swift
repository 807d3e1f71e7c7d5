import Foundation

/// How an engine child ended.
struct EngineDeath: Sendable, Hashable {
    enum Cause: Sendable, Hashable {
        case signal(Int32)
        case exit(Int32)
    }

    var cause: Cause
    /// Whether it had begun any crystal.
    var hadBegun: Bool
    /// Whether the worker killed it: for another crystal's time limit, or at the end.
    var wasIntended: Bool

    /// Whether somebody else may have ended it, rather than the crystal in hand: the system short of memory, a person.
    var isAmbiguous: Bool {
        switch cause {
        case .signal(let number): [SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT].contains(number)
        case .exit: false
        }
    }
}

extension EngineDeath: CustomStringConvertible {
    var description: String {
        switch cause {
        case .signal(let number): "signal \(number), \(String(cString: strsignal(number)))"
        case .exit(let status): "exit status \(status)"
        }
    }
}
