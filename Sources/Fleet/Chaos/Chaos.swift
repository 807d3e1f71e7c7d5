internal import Base
internal import Coordination
internal import Foundation

/// Both ways of a peer's messages.
struct Chaos {
    private var outgoing: ChaosTransit<SystemRandomNumberGenerator>
    private var incoming: ChaosTransit<SystemRandomNumberGenerator>

    init(_ rule: ChaosRule) {
        outgoing = .init(rule, generator: .init())
        incoming = .init(rule, generator: .init())
    }

    /// What goes out in place of a message; may be the end of this process.
    mutating func sent(_ frame: [UInt8], now: Moment) -> [[UInt8]] {
        if outgoing.isFatal() { kill(ProcessInfo.processInfo.processIdentifier, SIGKILL) }
        return outgoing.pass(frame, now: now)
    }

    /// What was held back and goes out now.
    mutating func sending(now: Moment) -> [[UInt8]] { outgoing.due(now: now) }

    /// What comes in in place of a message; nil: none came.
    mutating func received(_ frame: [UInt8]?, now: Moment) -> [[UInt8]] {
        incoming.due(now: now) + (frame.map { incoming.pass($0, now: now) } ?? [])
    }
}
