package import Base
internal import Crystals
package import Protocol
package import Trajectories

/// The state of an actor: its login, its weights, its units.
///
/// Weights are pulled while units are sampled, and swapped in between: `load` is handed out only when no unit is in
/// hand, and units only when the newest weights are loaded.
package struct ActorCore: PeerCore {
    package enum Job: Sendable {
        /// Make the sampler for these settings.
        case prepare(settings: String)
        case load(policy: WeightBlob, reference: WeightBlob, announcement: Announcement)
        case sample(UnitGrant)
    }

    package enum Output: Sendable {
        case prepared(settings: String, problem: String?)
        case loaded(Announcement, problem: String?)
        case sampled(UnitGrant, crystals: [SampledCrystal], problem: String?, seconds: Double)
    }

    private struct UnitKey: Hashable, Comparable {
        var version: Int
        var unit: Int

        static func < (left: UnitKey, right: UnitKey) -> Bool {
            (left.version, left.unit) < (right.version, right.unit)
        }
    }

    private enum Preparation: Sendable {
        case none
        case working
        case done(settings: String)
    }

    private enum Weights: Sendable {
        case none
        case loading(Announcement)
        case loaded(Announcement)
    }

    private let configuration: PeerConfiguration
    private var link: HubLink
    private var pulse: PeerPulse
    private var run: String?
    private var epoch: UInt64?
    private var wanted: Announcement?
    private var preparation = Preparation.none
    private var weights = Weights.none
    private var blobs: [Digest: WeightBlob] = [:]
    private var pull: WeightPull?
    private var queue: [UnitGrant] = []
    private var sampling: Set<UnitKey> = []
    private var outbox = Outbox<UnitKey, UnitResult>()
    private var leavingBy: Moment?
    private var jobs: [Job] = []

    package init(configuration: PeerConfiguration, generator: any RandomNumberGenerator & Sendable) {
        self.configuration = configuration
        link = HubLink(configuration: configuration, role: .actor, generator: generator)
        pulse = PeerPulse(reportInterval: configuration.report)
    }

    package mutating func takeEffects() -> [PeerEffect] { link.takeEffects() }

    package mutating func takeJobs() -> [Job] {
        defer { jobs.removeAll() }
        return jobs
    }

    package mutating func start(now: Moment) { link.start(now: now) }

    package mutating func tick(now: Moment) {
        link.tick(now: now)
        advance(now: now)
    }

    package mutating func stop(now: Moment) {
        guard leavingBy == nil else { return }
        leavingBy = now.advanced(by: configuration.drain)
        for grant in queue {
            link.send(
                .unitReturn(
                    UnitReturn(
                        version: grant.unit.version, unit: grant.unit.unit, failed: false, reason: "the actor leaves")))
        }
        queue.removeAll()
        advance(now: now)
    }

    package mutating func receive(_ message: HubMessage, now: Moment) {
        switch link.receive(message, now: now) {
        case .handled: break
        case .joined(let welcome): joined(welcome)
        case .shutdown(let reason):
            link.log("the learner ends the run: \(reason)")
            link.send(.goodbye("shutdown"))
            link.leave(nil)
        case .message(let message): handle(message, now: now)
        }
        advance(now: now)
    }

    private mutating func joined(_ welcome: Welcome) {
        if run != welcome.run {
            outbox.removeAll()
            wanted = nil
        }
        if epoch != welcome.epoch { wanted = nil }
        (run, epoch) = (welcome.run, welcome.epoch)
        // The hub grants anew what this login does not hold; what is being sampled is still of use.
        queue.removeAll()
        outbox.resendAll()
        pull?.restart()
        pulse.reset()
        consider(welcome.weights)
    }

    /// Notes the newest weights; an older announcement, overtaken on its way, is ignored.
    private mutating func consider(_ announcement: Announcement?) {
        guard let announcement, announcement.epoch == epoch, announcement.run == run,
            announcement.version >= wanted?.version ?? 0
        else { return }
        wanted = announcement
        queue.removeAll { $0.policy != announcement.policy || $0.unit.version != announcement.version }
    }

    private mutating func handle(_ message: HubMessage, now: Moment) {
        switch message {
        case .heartbeatReply(let weights): consider(weights)
        case .announcement(let weights): consider(weights)
        case .manifest(let manifest): pull?.receive(manifest)
        case .chunk(let chunk):
            let damaged = pull?.damagedCount ?? 0
            pull?.receive(chunk)
            if pull?.damagedCount ?? 0 > damaged { link.log("a piece of weights was damaged; asking for it again") }
        case .blobUnavailable(let digest, let newest):
            consider(newest)
            if pull?.digest == digest { pull = nil }
        case .unitGrant(let grant):
            let key = UnitKey(version: grant.unit.version, unit: grant.unit.unit)
            guard leavingBy == nil else {
                link.send(
                    .unitReturn(
                        UnitReturn(version: key.version, unit: key.unit, failed: false, reason: "the actor leaves")))
                return
            }
            let isHere = sampling.contains(key) || outbox.contains(key) || queue.contains { $0.unit == grant.unit }
            // The hub holds to the window; what goes beyond it is forged, and the lease will bring it back.
            if !isHere, queue.count <= configuration.threads + 1 { queue.append(grant) }
        case .unitAcknowledgement(let version, let unit):
            outbox.acknowledge(UnitKey(version: version, unit: unit))
        default: break
        }
    }

    package mutating func finished(_ output: Output, now: Moment) {
        switch output {
        case .prepared(let settings, let problem):
            if let problem {
                link.leave(.work("the sampler cannot be made: \(problem)"))
            } else {
                preparation = .done(settings: settings)
                weights = .none
            }
        case .loaded(let announcement, let problem):
            if let problem {
                link.leave(.work("the weights of version \(announcement.version) cannot be loaded: \(problem)"))
            } else {
                weights = .loaded(announcement)
                blobs = blobs.filter { [announcement.policy, announcement.reference].contains($0.key) }
            }
        case .sampled(let grant, let crystals, let problem, let seconds):
            sampled(grant, crystals, problem: problem ?? Self.problem(of: crystals, for: grant.unit), seconds: seconds)
        }
        advance(now: now)
    }

    private mutating func sampled(
        _ grant: UnitGrant, _ crystals: [SampledCrystal], problem: String?, seconds: Double
    ) {
        let unit = grant.unit
        let key = UnitKey(version: unit.version, unit: unit.unit)
        sampling.remove(key)
        if let problem {
            link.log("unit \(unit.unit) of version \(unit.version) could not be sampled: \(problem)")
            link.send(
                .unitReturn(UnitReturn(version: unit.version, unit: unit.unit, failed: true, reason: problem)))
        } else if let run {
            pulse.worked(crystals: crystals.count, seconds: seconds)
            outbox.add(
                UnitResult(
                    run: run, version: unit.version, unit: unit.unit, policy: grant.policy, crystals: crystals,
                    seconds: seconds), as: key)
        }
    }

    /// What keeps a sampler's answer from being sent; nil if nothing.
    private static func problem(of crystals: [SampledCrystal], for unit: WorkUnit) -> String? {
        if crystals.map(\.id) != unit.crystalIDs {
            return
                "the sampler returned \(crystals.count) crystals under other ids than the unit's \(unit.crystalCount)"
        }
        if crystals.contains(where: { $0.crystal.sites.count > WireLimits.sitesPerCrystal }) {
            return "a crystal has more than \(WireLimits.sitesPerCrystal) sites"
        }
        // What the learner would not take is said to have failed here, where the reason is known.
        for crystal in crystals {
            if let problem = Admission().problem(of: crystal) { return "crystal \(crystal.id): \(problem)" }
        }
        // At most 32 bytes a site and 256 a crystal.
        let bytes = crystals.reduce(0) { $0 + 256 + 32 * $1.crystal.sites.count }
        return bytes > WireLimits.messageBytes - 4096 ? "the unit is too large for one message" : nil
    }

    // MARK: - What follows

    /// Starts whatever can start, and says whatever is due.
    private mutating func advance(now: Moment) {
        advanceWork(now: now)
        for result in link.welcome == nil ? [] : outbox.due(now: now) { link.send(.unitResult(result)) }
        beat(now: now)
        leaveIfDone(now: now)
    }

    private mutating func advanceWork(now: Moment) {
        guard leavingBy == nil, let welcome = link.welcome else { return }
        switch preparation {
        case .working: return
        case .done(welcome.settings): break
        case .none, .done:
            guard sampling.isEmpty, !isLoading else { return }
            preparation = .working
            jobs.append(.prepare(settings: welcome.settings))
            return
        }
        guard let wanted, !isLoading else { return }
        guard isReady else {
            advanceWeights(to: wanted, now: now)
            return
        }
        while sampling.count < configuration.threads, !queue.isEmpty {
            let grant = queue.removeFirst()
            sampling.insert(UnitKey(version: grant.unit.version, unit: grant.unit.unit))
            jobs.append(.sample(grant))
        }
    }

    private mutating func advanceWeights(to wanted: Announcement, now: Moment) {
        if let blob = pull?.blob {
            blobs[blob.digest] = blob
            pull = nil
        }
        if let policy = blobs[wanted.policy], let reference = blobs[wanted.reference] {
            guard sampling.isEmpty else { return }
            weights = .loading(wanted)
            jobs.append(.load(policy: policy, reference: reference, announcement: wanted))
            return
        }
        let missing = blobs[wanted.policy] == nil ? wanted.policy : wanted.reference
        if pull?.digest != missing { pull = WeightPull(digest: missing) }
        for request in pull?.requests(now: now) ?? [] { link.send(request) }
    }

    private var isLoading: Bool {
        guard case .loading = weights else { return false }
        return true
    }

    /// Whether the newest weights are loaded.
    private var isReady: Bool {
        guard let wanted, case .done = preparation, case .loaded(let loaded) = weights else { return false }
        return loaded.policy == wanted.policy && loaded.reference == wanted.reference
    }

    private mutating func beat(now: Moment) {
        guard let welcome = link.welcome else { return }
        let readiness =
            if isReady, let wanted {
                Readiness(
                    window: leavingBy == nil ? configuration.threads + 1 : 0, policy: wanted.policy,
                    reference: wanted.reference)
            } else {
                Readiness(window: 0)
            }
        if pulse.beats(readiness, every: welcome.heartbeat, now: now) { link.send(.heartbeat(readiness)) }
        let report = pulse.report(
            version: wanted?.version ?? 0, inFlight: queue.count + sampling.count, logins: link.logins,
            resent: outbox.resentCount, now: now)
        if let report { link.send(.report(report)) }
    }

    private mutating func leaveIfDone(now: Moment) {
        guard let leavingBy else { return }
        let isDone = sampling.isEmpty && (outbox.isEmpty || link.welcome == nil)
        guard isDone || now >= leavingBy else { return }
        if !isDone { link.log("leaving with work in hand: the time to drain is over") }
        link.send(.goodbye("stopped"))
        link.leave(nil)
    }
}
