internal import Base

/// What a peer waits for while it is logged in and does no work.
package struct PeerWait: Sendable, Hashable {
    /// The name of it, such as "the policy of version 3".
    var what: String
    /// How far it has come, in words that may change while it waits.
    var progress = ""
    /// Whether there is just no work: that is as it should be from time to time.
    var isIdle = false
}

/// Tells what a peer waits for: once it has waited for a while, and then from time to time; that there is no work, once
/// a login.
package struct PeerWaiting: Sendable {
    private var what: String?
    private var since: Moment?
    private var next: Moment?
    private var hasToldIdle = false

    package init() {}

    /// A new login.
    mutating func reset() { self = PeerWaiting() }

    /// What to say now; nil if nothing is to be said.
    ///
    /// - Parameter wait: nil while it works.
    mutating func check(_ wait: PeerWait?, now: Moment) -> String? {
        guard let wait, let begin = since, wait.what == what, let due = next else {
            what = wait?.what
            since = now
            next = now.advanced(by: WaitingWatch.first)
            return nil
        }
        guard now >= due, !(wait.isIdle && hasToldIdle) else { return nil }
        next = now.advanced(by: WaitingWatch.interval)
        let time = "\(begin.duration(to: now).milliseconds / 1000) s"
        guard wait.isIdle else {
            return "waiting for \(wait.what) for \(time)\(wait.progress.isEmpty ? "" : ": \(wait.progress)")"
        }
        hasToldIdle = true
        return "no work for \(time): waiting for \(wait.what); this is said once"
    }
}
