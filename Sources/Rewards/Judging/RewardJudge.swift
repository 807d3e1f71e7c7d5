package import Crystals
package import Trajectories

/// Judges the crystals of a run, batch by batch: measurements become rewards here and nowhere else.
///
/// A verdict depends on the configuration, the batch and the batches before, in the order of the crystals' ids; never
/// on who measured what, or when. So rewards can be computed again from an archive.
package struct RewardJudge: Sendable {
    /// What it remembers of the batches before: part of a run's checkpoints.
    package struct State: Codable, Sendable, Hashable {
        var memory = RunMemory()
        /// Of terms by name, and of the whole reward under the empty name.
        var moments: [String: RunningMoments] = [:]
        /// The quantities that were measured of any crystal, as far as terms need them; in order, so that equal states
        /// are equal bytes.
        private(set) var measured: [String] = []
        /// Where the terms are combined by dominance.
        package private(set) var front: ParetoFront?

        package init() {}

        mutating func note(measured quantity: String) {
            guard !measured.contains(quantity) else { return }
            measured = (measured + [quantity]).sorted()
        }

        mutating func add(_ points: [[Double]], to empty: ParetoFront) {
            var grown = front ?? empty
            for point in points { grown.add(point) }
            front = grown
        }
    }

    private let configuration: RewardConfiguration
    private let terms: [RewardTerm]
    private let sources: [TermSource]
    package private(set) var state: State

    /// - Throws: ``JudgingError`` where what a term needs cannot be opened.
    package init(_ configuration: RewardConfiguration, state: State = State()) throws(JudgingError) {
        self.configuration = configuration
        terms = configuration.effectiveTerms
        var sources: [TermSource] = []
        for term in terms { sources.append(try TermSource(term)) }
        self.sources = sources
        self.state = state
    }

    /// A crystal that no guard stops, on its way to a verdict.
    private struct Candidate {
        let index: Int
        /// Among the measured ones.
        let place: Int
        let crystal: JudgedCrystal
        /// nil: it has none, and its term leaves it at that.
        var values: [Double?]
        /// Why it abstains after all.
        var abstention: String?
        var reward = 0.0
    }

    /// Judges the crystals of a step, in the order of their ids.
    ///
    /// - Throws: ``JudgingError`` for a term that nobody measures.
    package mutating func judge(_ batch: [(crystal: Crystal, outcome: Outcome)]) throws(JudgingError) -> Judgement {
        let floor = configuration.floor
        var verdicts = batch.map { _ in Verdict(reward: floor) }
        var measured: [JudgedCrystal] = []
        var candidates: [Candidate] = []
        var stops: [(index: Int, stop: RewardGuards.Stop)] = []
        for (index, item) in batch.enumerated() {
            switch item.outcome {
            case .invalid(let reason): verdicts[index].reason = reason.rawValue
            case .failed(let failure): verdicts[index] = Verdict(reward: nil, reason: failure.reason)
            case .measured(let measurement):
                let crystal = JudgedCrystal(item.crystal, measurement)
                measured.append(crystal)
                let stop = configuration.guards.stop(
                    crystal, uncertaintyLimit: configuration.limits.maximumUncertainty,
                    untilConverged: configuration.relax.until == .converged)
                if let stop {
                    stops.append((index, stop))
                } else {
                    candidates.append(Candidate(index: index, place: measured.count - 1, crystal: crystal, values: []))
                }
            }
        }
        for quantity in Set(sources.flatMap(\.quantities))
        where measured.contains(where: { $0.measurement[quantity] != nil }) { state.note(measured: quantity.rawValue) }
        var judgement = Judgement(verdicts)
        try evaluateTerms(of: &candidates, among: measured, &judgement)
        combine(&candidates)
        if configuration.guards.use == .all { discountRepeats(&candidates, of: measured) }
        settle(candidates, stops, groups: batch.map(\.crystal.spaceGroup.number), &judgement)
        state.memory.add(measured)
        judgement.tally = VerdictTally(
            zip(judgement.verdicts, batch).map { verdict, item in
                if case .measured = item.outcome {
                    (verdict: verdict, isMeasured: true)
                } else {
                    (verdict: verdict, isMeasured: false)
                }
            })
        return judgement
    }

    // MARK: Steps

    private mutating func evaluateTerms(
        of candidates: inout [Candidate], among measured: [JudgedCrystal], _ judgement: inout Judgement
    ) throws(JudgingError) {
        let crystals = candidates.map(\.crystal)
        // A source that counts what the run has made counts those, too, that a guard stops.
        let all = capped(measured)
        let groups = crystals.map(\.crystal.spaceGroup.number)
        for (term, source) in zip(terms, sources) {
            if let note = try checkMeasured(term, source, crystals) { judgement.notes.append(note) }
            let found = try source.numbers(of: all, state.memory)
            let numbers = candidates.map { found[$0.place] }
            let values = numbers.map { number in number.flatMap { term.shape.value(of: $0) } }
            let strange = numbers.indices.filter { numbers[$0] != nil && values[$0] == nil }.count
            if strange > 0 { judgement.notes.append("term \(term.name): \(strange) crystals have no number but NaN") }
            let filled = term.onFailure == .floor ? values.map { $0 ?? term.worst } : values
            let normalized = term.normalize.normalized(
                filled, groups: groups, running: &state.moments[term.name])
            for place in candidates.indices {
                if filled[place] == nil, term.onFailure == .exclude {
                    candidates[place].abstention = candidates[place].abstention ?? "no_\(term.name)"
                }
                candidates[place].values.append(normalized[place])
                judgement.verdicts[candidates[place].index].terms[term.name] = values[place]
                judgement.verdicts[candidates[place].index].numbers[term.name] = numbers[place]
            }
        }
    }

    /// A term without a single number is a mistake in the configuration, not a matter of crystals: an error where the
    /// crystals would all abstain, else a line for the log.
    private func checkMeasured(
        _ term: RewardTerm, _ source: TermSource, _ crystals: [JudgedCrystal]
    ) throws(JudgingError) -> String? {
        let missing = source.quantities.filter { !state.measured.contains($0.rawValue) }
        guard let first = missing.first, !crystals.isEmpty else { return nil }
        let known = Set(crystals.flatMap { $0.measurement.values.keys }).sorted().map(\.rawValue)
        let problem =
            "reward term \(term.name): \(first.rawValue) was measured on none of \(crystals.count) crystals; measured "
            + "are \(known.joined(separator: ", ")). Name a model that predicts it (key properties), an engine that "
            + "answers with it, or another source"
        if term.onFailure == .exclude { throw JudgingError(problem) }
        return problem
    }

    /// With heights that no guard lets count below the hull.
    private func capped(_ crystals: [JudgedCrystal]) -> [JudgedCrystal] {
        guard configuration.guards.use == .all, configuration.guards.capAtHull else { return crystals }
        return crystals.map { $0.cappedAtHull() }
    }

    private mutating func combine(_ candidates: inout [Candidate]) {
        let kind = configuration.combine
        // A sum or product of no numbers would be a verdict from nothing.
        for place in candidates.indices where candidates[place].values.allSatisfy({ $0 == nil }) {
            candidates[place].abstention = candidates[place].abstention ?? "no_term"
        }
        guard kind == .pareto else {
            for place in candidates.indices {
                let parts = zip(candidates[place].values, terms).compactMap { value, term in
                    value.map { (value: $0, weight: term.weight) }
                }
                candidates[place].reward = kind.combined(parts)
            }
            return
        }
        let empty = ParetoFront(reference: terms.map(\.shape.bounds.lowerBound))
        let places = candidates.indices.filter {
            candidates[$0].abstention == nil && candidates[$0].values.allSatisfy { $0 != nil }
        }
        let points = places.map { candidates[$0].values.compactMap { $0 } }
        for (place, reward) in zip(places, (state.front ?? empty).rewards(of: points)) {
            candidates[place].reward = reward
        }
        for place in candidates.indices where candidates[place].values.contains(where: { $0 == nil }) {
            candidates[place].abstention = candidates[place].abstention ?? "no_rank"
        }
        state.add(points, to: empty)
    }

    private func discountRepeats(_ candidates: inout [Candidate], of measured: [JudgedCrystal]) {
        let guards = configuration.guards
        let inBatch = measured.reduce(into: [String: Int]()) { $0[$1.formula, default: 0] += 1 }
        let inRun = OccurrenceSource(.composition).numbers(of: measured, state.memory)
        for place in candidates.indices {
            let formula = candidates[place].crystal.formula
            let occurrence = inRun[candidates[place].place].map { Int($0) } ?? 1
            let share =
                RewardGuards.share(ofRepeats: inBatch[formula] ?? 1, guards.batchRepeats)
                * RewardGuards.share(ofRepeats: occurrence, guards.runRepeats)
            guard share < 1 else { continue }
            let reward = candidates[place].reward
            candidates[place].reward = min(reward, configuration.floor + share * (reward - configuration.floor))
        }
    }

    private mutating func settle(
        _ candidates: [Candidate], _ stops: [(index: Int, stop: RewardGuards.Stop)], groups: [Int],
        _ judgement: inout Judgement
    ) {
        let guards = configuration.guards
        var abstaining = candidates.filter { $0.abstention != nil }.map { ($0.index, $0.abstention ?? "") }
        abstaining += stops.filter { $0.stop.action == .abstain }.map { ($0.index, $0.stop.reason) }
        let share = Double(abstaining.count) / Double(max(1, judgement.verdicts.count))
        let isWayOut = guards.use == .all && share > guards.abstentionLimit && abstaining.count > 1
        for (index, reason) in abstaining {
            judgement.verdicts[index].reason = reason
            if !isWayOut { judgement.verdicts[index].reward = nil }
        }
        for (index, stop) in stops where stop.action != .abstain {
            judgement.verdicts[index].reason = stop.reason
        }
        if isWayOut {
            judgement.notes.append(
                "\(abstaining.count) of \(judgement.verdicts.count) crystals would abstain, above "
                    + "reward.guards.abstention_limit (\(guards.abstentionLimit)): they get the floor")
        }
        let counted = candidates.filter { $0.abstention == nil }
        for candidate in counted {
            // Never outside of what a number can say: an infinite or missing reward is no verdict.
            guard candidate.reward.isFinite else {
                judgement.verdicts[candidate.index].reward = nil
                judgement.verdicts[candidate.index].reason = "not_finite"
                continue
            }
            judgement.verdicts[candidate.index].reward = candidate.reward
        }
        normalize(&judgement, counted, groups: groups)
        judgement.hypervolume = state.front?.hypervolume
    }

    private mutating func normalize(_ judgement: inout Judgement, _ counted: [Candidate], groups: [Int]) {
        if configuration.normalize != .none {
            let rewards = configuration.normalize.normalized(
                judgement.verdicts.map(\.reward), groups: groups,
                running: &state.moments[""])
            for index in rewards.indices { judgement.verdicts[index].reward = rewards[index] }
        }
        guard configuration.guards.use == .all, configuration.guards.spread > 0 else { return }
        let credits = RewardGuards.spreadCredits(counted.map(\.crystal))
        for (candidate, credit) in zip(counted, credits) {
            guard let reward = judgement.verdicts[candidate.index].reward else { continue }
            judgement.verdicts[candidate.index].reward = reward + configuration.guards.spread * credit
        }
    }
}
