package import Base
package import Coordination
package import Security
package import Trajectories
package import Transport

/// The hub's thread: it alone touches the ROUTER that all peers are connected to.
///
/// Commands come in and batches and events go out through bounded mailboxes; it waits for nothing but messages, for at
/// most a fraction of a second.
package final class Hub: Sendable {
    package enum Command: Sendable {
        case begin(
            version: PolicyVersion, policy: Blob, reference: Blob, known: [CrystalID: KnownOutcome] = [:],
            resuming: GatheringState? = nil, restored: [ScoredCrystal] = [])
        /// Have items measured for somebody else than the run.
        case measure([QueuedWork])
        /// Turn the processes of this name ("host:process") away.
        case refuse(peer: String, reason: String)
        /// Take this allow-list in place of the one in force.
        case allow(AllowList)
        /// Tell the observer something that a person should read.
        case warn(String)
        /// Tell everyone to leave, wait for them, end.
        case finish(String)
        /// End at once, telling nobody: peers will look for the learner's next life.
        case stop
    }

    package enum Output: Sendable {
        case started(Endpoint)
        case batch(ScoredBatch)
        /// Other work than the run's that is measured.
        case measured([FinishedWork])
        /// The hub cannot go on.
        case failed(String)
        case aborted(RoleError)
        /// The thread is done.
        case ended(HubReport)
    }

    /// Commands that wait for the hub's next turn: a peer is refused once, and little else comes in between two turns.
    private static let commandCapacity = PeerTable.capacity + 16
    /// Batches and ends, of which there is one at a time, and other work, which waits in the hub while there is no
    /// room.
    private static let outputCapacity = 16
    /// Outcomes that wait to be kept, as they were handed out; further ones wait in the hub.
    private static let finishedCapacity = 16
    /// Reports that wait for the observer.
    private static let eventCapacity = 10_000

    private let commands: Mailbox<Command>
    /// Batches, and the hub's own fate.
    package let outputs = Mailbox<Output>(capacity: Hub.outputCapacity)
    /// Crystals that got their outcomes, each once; those since the last ones may come with their batch alone. It is
    /// closed when the hub has handed out all.
    package let finished = Mailbox<[ScoredCrystal]>(capacity: Hub.finishedCapacity)
    /// For the observer; those it is too slow for are dropped, and counted.
    package let events = Mailbox<HubEvent>(capacity: Hub.eventCapacity)
    private let latest = LatestValue<HubReport>()
    private let wakeup: Wakeup
    private let thread: RoleThread

    /// Starts the thread; `outputs` tells where it listens, or why it cannot.
    package init(configuration: LearnerConfiguration, context: ZMQContext) throws {
        let wakeup = try Wakeup()
        let commands = Mailbox<Command>(capacity: Self.commandCapacity, wakeup: wakeup)
        self.wakeup = wakeup
        self.commands = commands
        let (outputs, finished, events, latest) = (outputs, finished, events, latest)
        thread = RoleThread(name: "hub") {
            let watch = configuration.credentials.map { credentials in
                AllowListWatch(credentials) { change in
                    switch change {
                    case .list(let list): commands.post(.allow(list), bounded: "a list a second at most")
                    case .damaged(let problem):
                        let text = "the allow-list stays as it was, revoked keys included, until this is mended"
                        commands.post(.warn("\(text): \(problem)"), bounded: "a warning a second at most")
                    }
                }
            }
            defer { watch?.close() }
            do {
                let loop = try HubLoop(
                    configuration: configuration, context: context, wakeup: wakeup, commands: commands,
                    outputs: outputs, finished: finished, events: events, latest: latest)
                try loop.run()
            } catch {
                outputs.post(.failed("\(error)"), bounded: "a hub fails once")
            }
            commands.close()
            events.close()
            finished.close()
            outputs.close()
        }
    }

    /// The hub's state a moment ago; nil before its first turn.
    package var state: HubReport? { latest.value }

    /// Gives the hub something to do at its next turn. A hub that has ended does nothing: why it did stands in
    /// `outputs`.
    package func post(_ command: Command) {
        commands.post(command, bounded: "the hub takes all commands at every turn")
    }

    /// Waits for the thread to end; false if that takes longer than `timeout`.
    @discardableResult
    package func join(timeout: Duration) -> Bool { thread.join(timeout: timeout) }
}
