package import Base
internal import Crystals
package import Protocol
package import Trajectories

/// The work of an actor: its weights, its units.
///
/// Weights are pulled while units are sampled, and swapped in between: `load` is handed out only when no unit is in
/// hand, and units only when the newest weights are loaded.
package struct SamplingWork: PeerWork {
    package enum Job: Sendable {
        /// Make the sampler for these settings.
        case prepare(settings: String)
        case load(policy: Blob, reference: Blob, announcement: Announcement)
        case sample(UnitGrant)
    }

    package enum Output: Sendable {
        case prepared(settings: String, problem: String?)
        case loaded(Announcement, problem: String?)
        case sampled(UnitGrant, crystals: [SampledCrystal], problem: String?, seconds: Double)
    }

    private struct UnitKey: Hashable, Comparable {
        var version: PolicyVersion
        var unit: Int

        init(_ unit: WorkUnit) { (version, self.unit) = (unit.version, unit.unit) }

        init(version: PolicyVersion, unit: Int) { (self.version, self.unit) = (version, unit) }

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

    package static let role = PeerRole.actor

    private var run: String?
    private var epoch: UInt64?
    private var wanted: Announcement?
    private var preparation = Preparation.none
    private var weights = Weights.none
    private var blobs: [Digest: Blob] = [:]
    private var queue: [UnitGrant] = []
    private var sampling: Set<UnitKey> = []
    private var outbox = Outbox<UnitKey, UnitResult>()

    package init() {}

    // MARK: - Messages

    package mutating func joined(_ welcome: Welcome, _ session: inout PeerSession) {
        if run != welcome.run {
            outbox.removeAll()
            wanted = nil
        }
        if epoch != welcome.epoch { wanted = nil }
        (run, epoch) = (welcome.run, welcome.epoch)
        // The hub grants anew what this login does not hold; what is being sampled is still of use.
        queue.removeAll()
        outbox.resendAll()
        consider(welcome.weights, &session)
    }

    /// Notes the newest weights, and gives back what is not begun of earlier ones; an older announcement, overtaken on
    /// its way, is ignored.
    private mutating func consider(_ announcement: Announcement?, _ session: inout PeerSession) {
        guard let announcement, announcement.epoch == epoch, announcement.run == run,
            announcement.version >= wanted?.version ?? 0
        else { return }
        wanted = announcement
        for grant in queue where !isWanted(grant) { giveBack(grant, "there are newer weights", &session) }
        queue = queue.filter(isWanted)
    }

    private func isWanted(_ grant: UnitGrant) -> Bool {
        grant.policy == wanted?.policy && grant.unit.version == wanted?.version
    }

    package mutating func receive(_ message: HubMessage, _ session: inout PeerSession) {
        switch message {
        case .heartbeatReply(let weights): consider(weights, &session)
        case .announcement(let weights): consider(weights, &session)
        case .blobUnavailable(_, let newest): consider(newest, &session)
        case .unitGrant(let grant) where session.isLeaving: giveBack(grant, "the actor leaves", &session)
        case .unitGrant(let grant) where !isWanted(grant): giveBack(grant, "there are newer weights", &session)
        case .unitGrant(let grant):
            let key = UnitKey(grant.unit)
            let isHere = sampling.contains(key) || outbox.contains(key) || queue.contains { $0.unit == grant.unit }
            // The hub holds to the window; what goes beyond it is forged, and the lease will bring it back.
            if !isHere, queue.count <= session.configuration.threads + 1 { queue.append(grant) }
        case .unitAcknowledgement(let version, let unit):
            outbox.acknowledge(UnitKey(version: version, unit: unit))
        default: break
        }
    }

    package mutating func giveBack(_ session: inout PeerSession) {
        for grant in queue { giveBack(grant, "the actor leaves", &session) }
        queue.removeAll()
    }

    private func giveBack(_ grant: UnitGrant, _ reason: String, _ session: inout PeerSession) {
        session.send(
            .unitReturn(
                UnitReturn(version: grant.unit.version, unit: grant.unit.unit, failed: false, reason: reason)))
    }

    // MARK: - Jobs

    package mutating func takeJobs(_ session: inout PeerSession, now: Moment) -> [Job] {
        guard let welcome = session.welcome else { return [] }
        switch preparation {
        case .working: return []
        case .done(welcome.settings): break
        case .none, .done:
            guard sampling.isEmpty, !isLoading else { return [] }
            preparation = .working
            return [.prepare(settings: welcome.settings)]
        }
        guard let wanted, !isLoading else { return [] }
        guard isReady else { return load(wanted, &session) }
        var jobs: [Job] = []
        while sampling.count < session.configuration.threads, !queue.isEmpty {
            let grant = queue.removeFirst()
            sampling.insert(UnitKey(grant.unit))
            jobs.append(.sample(grant))
        }
        return jobs
    }

    /// Pulls what is missing of the weights; loads them once they are there and no unit is in hand.
    private mutating func load(_ wanted: Announcement, _ session: inout PeerSession) -> [Job] {
        if let blob = session.takeBlob() { blobs[blob.digest] = blob }
        guard let policy = blobs[wanted.policy] else {
            session.pull(wanted.policy)
            return []
        }
        guard let reference = blobs[wanted.reference] else {
            session.pull(wanted.reference)
            return []
        }
        guard sampling.isEmpty else { return [] }
        weights = .loading(wanted)
        return [.load(policy: policy, reference: reference, announcement: wanted)]
    }

    package mutating func finished(_ output: Output, _ session: inout PeerSession) {
        switch output {
        case .prepared(let settings, nil):
            preparation = .done(settings: settings)
            weights = .none
        case .prepared(_, let problem?): session.leave(.work("the sampler cannot be made: \(problem)"))
        case .loaded(let announcement, nil):
            weights = .loaded(announcement)
            blobs = blobs.filter { [announcement.policy, announcement.reference].contains($0.key) }
        case .loaded(let announcement, let problem?):
            session.leave(.work("the weights of version \(announcement.version) cannot be loaded: \(problem)"))
        case .sampled(let grant, let crystals, let problem, let seconds):
            sampling.remove(UnitKey(grant.unit))
            if let problem = problem ?? Self.problem(of: crystals, for: grant.unit) {
                failed(grant.unit, problem, &session)
            } else if let run {
                session.worked(crystals: crystals.count, seconds: seconds)
                outbox.add(
                    UnitResult(
                        run: run, version: grant.unit.version, unit: grant.unit.unit, policy: grant.policy,
                        crystals: crystals, seconds: seconds), as: UnitKey(grant.unit))
            }
        }
    }

    private func failed(_ unit: WorkUnit, _ problem: String, _ session: inout PeerSession) {
        session.log("unit \(unit.unit) of version \(unit.version) could not be sampled: \(problem)")
        session.send(
            .unitReturn(UnitReturn(version: unit.version, unit: unit.unit, failed: true, reason: problem)))
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

    package mutating func dueResults(now: Moment) -> [PeerMessage] { outbox.due(now: now).map { .unitResult($0) } }

    // MARK: - State

    private var isLoading: Bool {
        guard case .loading = weights else { return false }
        return true
    }

    /// Whether the newest weights are loaded.
    private var isReady: Bool {
        guard let wanted, case .done = preparation, case .loaded(let loaded) = weights else { return false }
        return loaded.policy == wanted.policy && loaded.reference == wanted.reference
    }

    package func readiness(threads: Int) -> Readiness {
        guard isReady, let wanted else { return Readiness(window: 0) }
        return Readiness(window: threads + 1, policy: wanted.policy, reference: wanted.reference)
    }

    package func wait(_ session: PeerSession) -> PeerWait? {
        guard sampling.isEmpty else { return nil }
        guard case .done = preparation else { return PeerWait(what: "its own sampler to be made") }
        guard let wanted else { return PeerWait(what: "the learner's first weights") }
        if isLoading { return PeerWait(what: "the weights of version \(wanted.version) to be loaded") }
        guard isReady else {
            let missing = blobs[wanted.policy] == nil ? "policy" : "reference policy"
            let digest = blobs[wanted.policy] == nil ? wanted.policy : wanted.reference
            return PeerWait(
                what: "the \(missing) of version \(wanted.version) (\(digest))", progress: session.pullProgress)
        }
        return queue.isEmpty ? PeerWait(what: "crystals to sample", isIdle: true) : nil
    }

    package var load: PeerLoad {
        PeerLoad(
            version: wanted?.version ?? 0, waiting: queue.count, working: sampling.count,
            unacknowledged: outbox.count, resent: outbox.resentCount)
    }
}

package typealias ActorCore = PeerCore<SamplingWork>
