package import Base
package import Coordination
package import Logging
internal import Protocol
internal import Synchronization
package import Trajectories
internal import Transport

/// The actor: pulls the newest weights and samples the units it is granted, until the run is over.
package struct ActorRole {
    private let configuration: PeerConfiguration
    private let logger: Logger
    private let makeSampler: @Sendable (String) throws -> any UnitSampler

    /// - Parameter makeSampler: Makes the sampler from the settings that the learner tells (JSON); called again if they
    ///   change.
    package init(
        configuration: PeerConfiguration, logger: Logger,
        makeSampler: @escaping @Sendable (_ settings: String) throws -> any UnitSampler
    ) {
        self.configuration = configuration
        self.logger = logger
        self.makeSampler = makeSampler
    }

    /// Runs on the calling thread, which it blocks, until the learner ends the run or `stop` asks to leave.
    ///
    /// - Returns: which of the two it was.
    /// - Throws: `RoleError`, `ZMQError`.
    package func run(stop: StopToken) throws -> PeerLeave {
        guard configuration.problems.isEmpty else { throw RoleError.configuration(configuration.problems) }
        let wakeup = try Wakeup()
        stop.addWakeup(wakeup)
        let sampler = SharedSampler(make: makeSampler)
        let pool = JobPool<SamplingWork.Job, SamplingWork.Output>(
            name: "actor", threads: configuration.threads, wakeup: wakeup
        ) {
            { sampler.perform($0) }
        }
        let context = try ZMQContext()
        var loop = PeerLoop(
            core: ActorCore(
                SamplingWork(), configuration: configuration, generator: SystemRandomNumberGenerator()),
            configuration: configuration, context: context, wakeup: wakeup, pool: pool, logger: logger)
        defer {
            pool.close(timeout: .seconds(3))
            context.shutDown()
        }
        return try loop.run(stop: stop)
    }
}

/// The sampler that all of an actor's threads use.
private final class SharedSampler: Sendable {
    private let make: @Sendable (String) throws -> any UnitSampler
    private let current = Mutex<(any UnitSampler)?>(nil)

    init(make: @escaping @Sendable (String) throws -> any UnitSampler) {
        self.make = make
    }

    /// Does a job; the core never hands out `prepare` or `load` together with another.
    func perform(_ job: SamplingWork.Job) -> SamplingWork.Output {
        switch job {
        case .prepare(let settings):
            let problem = problem { () throws in
                let sampler = try make(settings)
                current.withLock { $0 = sampler }
            }
            return .prepared(settings: settings, problem: problem)
        case .load(let policy, let reference, let announcement):
            let problem = problem { () throws in
                try current.withLock { $0 }?.load(policy: policy, reference: reference, version: announcement.version)
            }
            return .loaded(announcement, problem: problem)
        case .sample(let grant):
            let begin = Moment.now
            var crystals: [SampledCrystal] = []
            let problem = problem { () throws in
                crystals = try current.withLock { $0 }?.sample(grant.unit) ?? []
            }
            return .sampled(grant, crystals: crystals, problem: problem, seconds: begin.duration(to: .now).seconds)
        }
    }

    private func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}
