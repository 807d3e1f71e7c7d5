extension RunStatus {
    /// What holds a run up, in words, and what would help.
    package struct Verdict: Codable, Sendable, Hashable {
        package enum Bottleneck: String, Codable, Sendable, Hashable, CaseIterable {
            /// The run does not run.
            case none
            /// A role that nobody has.
            case missing
            /// No step is made yet.
            case unknown
            case learner
            case actors
            case rewardWorkers = "reward_workers"
            /// The disk of the run is full.
            case disk
            /// Nothing stands out.
            case balanced
        }

        package var bottleneck: Bottleneck
        /// Such as "reward workers are the bottleneck: add 3".
        package var text: String
        /// What that rests on, such as "the learner waits 82% of its time"; nil where the text says it.
        package var evidence: String?
        /// How many more of each would be of use.
        package var addActors = 0
        package var addRewardWorkers = 0

        enum CodingKeys: String, CodingKey {
            case bottleneck, text, evidence
            case addActors = "add_actors"
            case addRewardWorkers = "add_reward_workers"
        }
    }
}

extension RunStatus.Verdict {
    /// A learner that is at work for this share of its time, or more, is what others wait for.
    private static let busy = 0.5
    /// A learner that waits less than this is the bottleneck whatever its fleet is like.
    private static let seldom = 0.1

    /// Judges a status by its numbers alone.
    ///
    /// The learner's own speed is the measure, as in what is wanted: with fewer peers than wanted it waits for them,
    /// with more of them they wait for it. Of two roles that are short the one comes first that lacks the larger part.
    package init(of status: RunStatus) {
        self.init(bottleneck: .none, text: "")
        switch status.state {
        case .finished: text = "the run is finished: \(Self.count(status.version, "version"))"
        case .stopped: text = "the run has stopped at version \(status.version): it goes on with --resume"
        case .failed: text = "the run has failed" + (status.reason.map { ": \($0)" } ?? "")
        case .unknown: text = "nobody runs this: it goes on with --resume"
        case .stopping: text = "the learner finishes the version in hand and stops"
        case .waiting, .running:
            guard status.activity != .waitingForRoom else {
                bottleneck = .disk
                text =
                    "the disk of the run is full: the learner waits for room in \(status.directory), and loses nothing"
                return
            }
            judge(status)
        }
    }

    /// Judges how the work went, whatever has become of the run.
    ///
    /// - Parameter isOver: tells of it as of something past.
    package init(ofWorkIn status: RunStatus, isOver: Bool) {
        self.init(bottleneck: .none, text: "")
        judge(status, Tense(isOver: isOver))
    }

    /// The words of what goes on, and of what is over.
    private struct Tense {
        var isOver = false

        var `is`: String { isOver ? "was" : "is" }
        var are: String { isOver ? "were" : "are" }
        var has: String { isOver ? "had" : "has" }
        var wait: String { isOver ? "waited" : "wait" }
        var waits: String { isOver ? "waited" : "waits" }
        var stands: String { isOver ? "stood" : "stands" }
        var keeps: String { isOver ? "kept" : "keeps" }
    }

    private mutating func judge(_ status: RunStatus, _ tense: Tense = Tense()) {
        let (actors, workers) = (status.count(of: "actor"), status.count(of: "reward-worker"))
        if actors == 0 || workers == 0 {
            bottleneck = .missing
            (addActors, addRewardWorkers) = (actors == 0 ? 1 : 0, workers == 0 ? 1 : 0)
            let who = actors > 0 ? "reward worker" : workers > 0 ? "actor" : "actor and no reward worker"
            text = "no \(who) \(tense.is) there: start one" + (actors + workers == 0 ? " of each" : "")
            return
        }
        guard let wanted = status.wanted, let shares = status.shares else {
            bottleneck = .unknown
            let reason = status.version > 0 ? "" : ": no step is made yet"
            text = tense.isOver ? "too few steps to say" : "too early to say\(reason)"
            return
        }
        addActors = max(0, wanted.actors - actors)
        addRewardWorkers = max(0, wanted.rewardWorkers - workers)
        let waits = min(1, max(0, shares.learner.waiting))
        let isStarved = waits > Self.seldom
        let lacksWorkers = Double(addRewardWorkers) / Double(workers)
        let lacksActors = Double(addActors) / Double(actors)
        switch (isStarved && addRewardWorkers > 0, isStarved && addActors > 0) {
        case (true, _) where lacksWorkers >= lacksActors:
            bottleneck = .rewardWorkers
            text = "reward workers \(tense.are) the bottleneck: add \(addRewardWorkers)"
            text += addActors > 0 ? ", and \(Self.count(addActors, "actor"))" : ""
            evidence = Self.evidence(waits, idle: shares.rewardWorkersIdle, tense)
        case (_, true):
            bottleneck = .actors
            text = "actors \(tense.are) the bottleneck: add \(addActors)"
            text += addRewardWorkers > 0 ? ", and \(Self.count(addRewardWorkers, "reward worker"))" : ""
            evidence = Self.evidence(waits, idle: shares.actorsIdle, tense)
        default:
            (addActors, addRewardWorkers) = (0, 0)
            judgeLearner(status, waits: waits, tense)
        }
    }

    private mutating func judgeLearner(_ status: RunStatus, waits: Double, _ tense: Tense) {
        let works = Self.percent(1 - waits)
        if 1 - waits >= Self.busy {
            bottleneck = .learner
            text =
                "the learner \(tense.is) the bottleneck: "
                + (status.mode == .synchronous
                    ? "\(works) of the time workers \(tense.wait) for weights"
                    : "it \(tense.is) at work \(works) of the time")
            text += "; more reward workers would not help"
        } else {
            bottleneck = .balanced
            text =
                "nothing \(tense.stands) out: the learner \(tense.waits) \(Self.percent(waits)) of the time for "
                + "crystals, and \(tense.has) all the actors and reward workers that a batch of "
                + "\(status.crystalsPerBatch) crystals \(tense.keeps) busy"
        }
    }

    private static func evidence(_ waits: Double, idle: Double?, _ tense: Tense) -> String {
        let theirs = idle.map { ", they \(tense.are) at work \(percent(1 - $0)) of theirs" } ?? ""
        return "the learner \(tense.waits) \(percent(waits)) of its time\(theirs)"
    }

    private static func percent(_ share: Double) -> String {
        guard share.isFinite else { return "?%" }
        return "\(Int((100 * min(1, max(0, share))).rounded()))%"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
