package import Base
package import Coordination
package import Logging
internal import Security
internal import Trajectories
internal import Transport

/// The relay: pulls weights and files from the learner once, and hands them on to the peers near it.
///
/// It is a peer of the learner like any other, and a place to ask for pieces of blobs for its own peers, which keep
/// their connection to the learner for everything else. Nobody has to trust it: peers check each piece by the learner's
/// table.
package struct RelayRole {
    /// What the thread of the peers has not taken yet: a blob goes on when there is room.
    private static let inputCapacity = 256
    private static let wishCapacity = 4096

    private let configuration: RelayConfiguration
    private let logger: Logger

    package init(configuration: RelayConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs on the calling thread, which it blocks, until the learner ends the run or `stop` asks to leave.
    ///
    /// - Parameter listening: called once it listens, with its address.
    /// - Returns: what it did.
    /// - Throws: `RoleError`, `ZMQError`.
    @discardableResult
    package func run(stop: StopToken, listening: (Endpoint) throws -> Void = { _ in }) throws -> RelayCore.Counters {
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        let server = try RelayServer(configuration, logger: logger)
        defer { server.close() }
        try listening(try server.awaitStart())
        let wakeup = server.clientWakeup
        stop.addWakeup(wakeup)
        let context = try ZMQContext()
        defer { context.shutDown() }
        // It hands on, and does no work of its own.
        @Sendable func perform(_ job: Never) -> RelayWork.Wish {}
        let pool = JobPool<Never, RelayWork.Wish>(name: "none", threads: 0, wakeup: wakeup) { perform }
        var loop = PeerLoop(
            core: RelayClientCore(
                RelayWork { server.post(.delivery($0)) }, configuration: configuration.peer,
                generator: SystemRandomNumberGenerator()),
            configuration: configuration.peer, context: context, wakeup: wakeup, pool: pool, inputs: server.wishes,
            logger: logger)
        _ = try loop.run(stop: stop, or: server.failure)
        server.close()
        return try server.outcome()
    }

    /// The thread that serves the peers.
    private final class RelayServer: Sendable {
        let wishes: Mailbox<RelayWork.Wish>
        let clientWakeup: Wakeup
        /// Stopped when it cannot go on.
        let failure = StopToken()
        private let inputs: Mailbox<RelayLoop.Input>
        private let started = Mailbox<Result<Endpoint, any Error>>(capacity: 1)
        private let ended = Mailbox<Result<RelayCore.Counters, any Error>>(capacity: 1)
        private let thread: RoleThread

        init(_ configuration: RelayConfiguration, logger: Logger) throws {
            let (clientWakeup, wakeup) = (try Wakeup(), try Wakeup())
            let inputs = Mailbox<RelayLoop.Input>(capacity: RelayRole.inputCapacity, wakeup: wakeup)
            let wishes = Mailbox<RelayWork.Wish>(capacity: RelayRole.wishCapacity, wakeup: clientWakeup)
            failure.addWakeup(clientWakeup)
            (self.clientWakeup, self.inputs, self.wishes) = (clientWakeup, inputs, wishes)
            let (started, ended, failure) = (started, ended, failure)
            thread = RoleThread(name: "relay") {
                let watch = configuration.credentials.map { credentials in
                    AllowListWatch(credentials) { change in
                        switch change {
                        case .list(let list): _ = inputs.post(.allow(list))
                        case .damaged(let problem):
                            _ = inputs.post(.warn("the relay's allow-list stays as it was: \(problem)"))
                        }
                    }
                }
                defer { watch?.close() }
                do {
                    let context = try ZMQContext()
                    defer { context.shutDown() }
                    let loop = try RelayLoop(
                        configuration, context: context, wakeup: wakeup, inputs: inputs, wishes: wishes, logger: logger)
                    _ = started.post(.success(loop.endpoint))
                    _ = ended.post(.success(try loop.run()))
                } catch {
                    _ = started.post(.failure(error))
                    _ = ended.post(.failure(error))
                    failure.stop("\(error)")
                }
            }
        }

        func awaitStart() throws -> Endpoint {
            guard let result = started.receive(timeout: .seconds(30)) else {
                throw RoleError.io("the relay does not listen after 30 s")
            }
            do { return try result.get() } catch { throw RoleError.io("the relay cannot listen: \(error)") }
        }

        /// Hands something on; false if there is no room now.
        func post(_ input: RelayLoop.Input) -> Bool { inputs.post(input) == .posted }

        func close() {
            inputs.close()
            _ = thread.join(timeout: .seconds(5))
        }

        /// What it did; asked once, after its end.
        func outcome() throws -> RelayCore.Counters {
            guard let result = ended.receive(timeout: .seconds(5)) else { return RelayCore.Counters() }
            do { return try result.get() } catch { throw RoleError.io("the relay cannot go on: \(error)") }
        }
    }
}
