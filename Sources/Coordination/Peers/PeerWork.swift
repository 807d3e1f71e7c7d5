package import Base
package import Protocol
package import Trajectories

/// The work of a role: what it does with the messages that are not its session's, and what it has in hand.
///
/// It never waits: jobs are handed out by `takeJobs` and come back as outputs. All that it says, it says through the
/// session.
package protocol PeerWork: Sendable {
    /// What its threads do.
    associatedtype Job: Sendable
    /// What came of a job.
    associatedtype Output: Sendable

    static var role: PeerRole { get }

    /// A login: what the hub granted under another is not this peer's any more.
    mutating func joined(_ welcome: Welcome, _ session: inout PeerSession)
    mutating func receive(_ message: HubMessage, _ session: inout PeerSession)
    mutating func finished(_ output: Output, _ session: inout PeerSession)
    /// Gives back what is not begun, because the peer leaves.
    mutating func giveBack(_ session: inout PeerSession)
    /// The jobs that can start; asked only while logged in and not leaving.
    mutating func takeJobs(_ session: inout PeerSession, now: Moment) -> [Job]
    /// The results that have to be sent, or sent again; counted as sent.
    mutating func dueResults(now: Moment) -> [PeerMessage]
    /// What the peer is ready for while it does not leave.
    func readiness(threads: Int) -> Readiness
    /// What it has in hand.
    var load: PeerLoad { get }
    /// What it waits for; nil while it works. Asked only while logged in.
    func wait(_ session: PeerSession) -> PeerWait?
}

/// What a peer has in hand.
package struct PeerLoad: Sendable, Hashable {
    /// The newest policy version it knows of.
    var version: PolicyVersion
    /// Units or tasks that wait for a thread.
    var waiting: Int
    /// Units or tasks at a thread.
    var working: Int
    /// Results that the hub has not acknowledged.
    var unacknowledged: Int
    /// How often a result was sent again.
    var resent: Int

    var inFlight: Int { waiting + working }
}
