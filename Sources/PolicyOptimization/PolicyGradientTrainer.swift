package import Foundation
internal import Kernels
package import Policy
package import Trajectories

/// How a batch is learnt from.
package struct PolicyGradientSettings: Sendable, Hashable {
    package var objective = ClippedObjective()
    /// Passes over a batch.
    package var epochs = 5
    /// Crystals of a step; 0 for the whole batch, as in the paper.
    package var minibatch = 0
    package var schedule = LearningRateSchedule.inverse(rate: 1e-4, decay: 0)
    package var adam = Adam.Settings()
    /// The largest importance weight of a crystal that an older policy drew.
    package var importanceLimit = 5.0
    /// That under which crystals are drawn, and log-probabilities taken.
    package var constraint = Constraint.none
    /// The numbers that actors draw crystals by: the weights rounded to this.
    package var sampledFormat = WeightFormat.float32

    package init() {}
}

/// Clipped policy gradients on batches of scored crystals. All state is explicit, so that a run can stop and go on bit
/// by bit.
///
/// A batch is learnt from wholly or not at all: where a loss, a gradient, an update or the new weights' first outputs
/// are not finite, weights, optimiser and baseline go back to what they were before the batch.
package final class PolicyGradientTrainer {
    package let settings: PolicyGradientSettings
    package private(set) var optimiser: Adam
    package private(set) var baseline: RunningBaseline
    private let layout: ParameterLayout
    private let parameters: FloatBuffer
    private let gradient: FloatBuffer
    private let team: GradientTeam
    private let reference: (weights: PolicyWeights, team: GradientTeam)?
    private let metadata: [String: String]

    /// One crystal of this many has its log-probability under the reference computed again, to check what is claimed.
    private static let referenceCheckStride = 32

    /// - Parameter reference: the frozen reference policy, against which claims are checked; nil checks none.
    package init(
        weights: PolicyWeights, settings: PolicyGradientSettings, optimiser: Adam? = nil,
        baseline: RunningBaseline = RunningBaseline(), reference: PolicyWeights? = nil, threads: Int
    ) {
        self.settings = settings
        self.optimiser = optimiser ?? Adam(parameterCount: weights.layout.parameterCount, settings: settings.adam)
        self.baseline = baseline
        layout = weights.layout
        parameters = FloatBuffer(weights.parameters.array)
        gradient = FloatBuffer(count: weights.layout.parameterCount)
        let team = GradientTeam(layout: weights.layout, constraint: settings.constraint, threads: threads)
        self.team = team
        self.reference = reference.map { reference in
            let isAlike = reference.configuration == weights.configuration
            func own() -> GradientTeam {
                GradientTeam(layout: reference.layout, constraint: settings.constraint, threads: threads)
            }
            return (reference, isAlike ? team : own())
        }
        metadata = weights.metadata
    }

    /// A copy of the weights as they are now.
    package var weights: PolicyWeights {
        PolicyWeights(
            layout: layout, sharing: FloatBuffer(copying: parameters.view).view, metadata: metadata)
    }

    /// The weights as they are now, as the bytes that actors pull.
    package func encodedWeights() throws -> Data {
        try PolicyWeights(layout: layout, sharing: parameters.view, metadata: metadata)
            .encoded(as: settings.sampledFormat)
    }

    /// Learns from a batch that the weights as they are now have drawn, or earlier ones.
    ///
    /// The log-probabilities of the policy as it is are computed here. Of a crystal that it drew itself, those that the
    /// batch claims are only compared; of one that an earlier one drew they are taken, held by the limit of its weight.
    /// Where actors have rounded weights, another policy than the one that learns drew all crystals: their
    /// log-probabilities under it are computed here, too, and each crystal has its weight.
    ///
    /// - Parameter batch: crystals with their rewards, in an order that does not depend on who drew or scored them;
    ///   failed evaluations are not in it.
    /// - Parameter version: that the weights are now; nil: all crystals are drawn by them.
    package func train(
        _ batch: [(crystal: SampledCrystal, reward: Double)], version: PolicyVersion? = nil
    ) throws(PolicyError) -> PolicyGradientStatistics {
        let places = batch.indices.filter {
            batch[$0].crystal.isUsable(by: layout.configuration, under: settings.constraint)
                && LogProbabilities.isSensible(batch[$0].reward)
        }
        var statistics = PolicyGradientStatistics()
        statistics.baseline = baseline.value ?? 0
        statistics.unusable = Array(Set(batch.indices).subtracting(places)).sorted()
        guard !places.isEmpty else { return statistics }
        var pass = Pass(
            items: places.map { batch[$0].crystal }, rewards: places.map { batch[$0].reward }, version: version)
        let before = (parameters: parameters.array, optimiser: optimiser, baseline: baseline)
        var wrongReferences: Set<Int> = []
        do throws(Interruption) {
            wrongReferences = try checkReferences(&pass)
            try learn(&pass, statistics: &statistics)
            try probe(pass)
        } catch {
            let culprits: [Int]
            switch error {
            case .policy(let error): throw error
            case .notFinite(let indices): culprits = indices
            }
            parameters.assign(before.parameters)
            (optimiser, baseline) = (before.optimiser, before.baseline)
            statistics = PolicyGradientStatistics()
            statistics.baseline = baseline.value ?? 0
            statistics.unusable = Array(Set(batch.indices).subtracting(places)).sorted()
            statistics.isSkipped = true
            statistics.notFinite = culprits.map { places[$0] }
        }
        statistics.claimsOff = pass.items.indices.filter { index in
            wrongReferences.contains(index)
                || !pass.isOlder[index]
                    && (pass.rounded[index] ?? pass.proximal[index]).map {
                        LogProbabilityClaim.isOff(pass.items[index].logProbability, from: $0)
                    } == true
        }.map { places[$0] }
        return statistics
    }

    /// A batch while it is learnt from.
    private struct Pass {
        var items: [SampledCrystal]
        let rewards: [Double]
        /// The log-probabilities before the first step, where they are known: those of the proximal policy.
        var proximal: [LogProbabilities?]
        /// The log-probabilities under the rounded weights that drew it, where they are known and are others.
        var rounded: [LogProbabilities?]
        /// Whether an earlier version drew it.
        let isOlder: [Bool]

        init(items: [SampledCrystal], rewards: [Double], version: PolicyVersion?) {
            self.items = items
            self.rewards = rewards
            proximal = items.map { _ in nil }
            rounded = proximal
            isOlder = items.map { item in version.map { item.id.version != $0 } ?? false }
        }

        /// Under the policy that drew a crystal, where that is another than the proximal one.
        func behaviour(of index: Int) -> LogProbabilities? {
            isOlder[index] ? items[index].logProbability : rounded[index]
        }

        /// The mean of log p - log p_reference, an estimate of KL(policy || reference), nats.
        var meanKL: Double {
            zip(items, proximal).reduce(0) {
                $0 + ($1.1 ?? $1.0.logProbability).total - $1.0.referenceLogProbability.total
            } / Double(items.count)
        }
    }

    private enum Interruption: Error {
        case policy(PolicyError)
        /// The crystals to blame, by index.
        case notFinite([Int])
    }

    private func learn(_ pass: inout Pass, statistics: inout PolicyGradientStatistics) throws(Interruption) {
        let count = pass.items.count
        let mean = pass.rewards.reduce(0, +) / Double(count)
        let level = baseline.update(meanReward: mean)
        statistics.baseline = level
        let size = settings.minibatch > 0 ? min(settings.minibatch, count) : count
        let centersKL = settings.objective.klBaseline == .batch && settings.objective.klWeight > 0
        // Else, with one step per pass, the first step's own forward pass gives these values.
        let isRounded = settings.sampledFormat != .float32
        if size < count || centersKL || isRounded {
            pass.proximal = try logProbabilities(before: pass.items)
        }
        if isRounded {
            let own = pass.items.indices.filter { !pass.isOlder[$0] }
            let rounded = weights.rounded(to: settings.sampledFormat)
            let values = try logProbabilities(own.map { pass.items[$0] }, by: rounded, team)
            for (index, value) in zip(own, values) where value.isSensible { pass.rounded[index] = value }
        }
        let drift = centersKL ? settings.objective.klWeight * pass.meanKL : 0
        var values = 0.0
        for epoch in 0..<settings.epochs {
            var tally = RatioTally()
            for start in stride(from: 0, to: count, by: size) {
                let range = start..<min(start + size, count)
                let terms = try step(&pass, range: range, baseline: level - drift, statistics: &statistics)
                values += terms.reduce(0) { $0 + $1.value } / Double(range.count)
                tally.add(terms)
            }
            if epoch + 1 == settings.epochs { tally.write(to: &statistics) }
        }
        let steps = Double(max(1, statistics.steps))
        statistics.objective = values / steps
        statistics.gradientNorm /= steps
        statistics.klReference = pass.meanKL
        if isRounded || pass.isOlder.contains(true) {
            let weights = pass.items.indices.map { index in
                pass.proximal[index].map {
                    ImportanceWeights(
                        proximal: $0, behaviour: pass.behaviour(of: index), ratio: settings.objective.ratio,
                        limit: settings.importanceLimit)
                } ?? .one
            }
            statistics.importance = .init(weights)
        }
    }

    /// The log-probabilities of the policy as it is before the first step.
    private func logProbabilities(before items: [SampledCrystal]) throws(Interruption) -> [LogProbabilities] {
        let values = try logProbabilities(items, by: weights, team)
        let strange = values.indices.filter { !values[$0].isSensible }
        guard strange.isEmpty else { throw .notFinite(strange) }
        return values
    }

    private func step(
        _ pass: inout Pass, range: Range<Int>, baseline level: Double, statistics: inout PolicyGradientStatistics
    ) throws(Interruption) -> [ClippedObjective.Term] {
        let objective = settings.objective
        let (items, proximal) = (Array(pass.items[range]), Array(pass.proximal[range]))
        let behaviour = range.map { pass.behaviour(of: $0) }
        let rewards = Array(pass.rewards[range])
        let share = -1 / Double(items.count)
        let limit = settings.importanceLimit
        let term: @Sendable (Int, LogProbabilities) -> ClippedObjective.Term = { index, current in
            let proximal = proximal[index] ?? current
            let weights = ImportanceWeights(
                proximal: proximal, behaviour: behaviour[index], ratio: objective.ratio, limit: limit)
            return objective.term(
                current: current, proximal: proximal, reference: items[index].referenceLogProbability,
                advantage: rewards[index] - level, weights: weights)
        }
        let slope: @Sendable (Int, LogProbabilities) -> LogProbabilities = { index, current in
            let slope = term(index, current).derivative
            return LogProbabilities(w: share * slope.w, a: share * slope.a, xyz: share * slope.xyz, l: share * slope.l)
        }
        let weights = weights
        let current = try policy { () throws(PolicyError) in
            try team.gradient(
                of: items.map(\.crystal), weights: weights, into: gradient.mutableView, coefficients: slope)
        }
        let terms = current.enumerated().map(term)
        let strange = items.indices.filter {
            !(current[$0].isSensible && terms[$0].value.isFinite && terms[$0].derivative.total.isFinite)
        }
        guard strange.isEmpty else { throw .notFinite(strange.map { range.lowerBound + $0 }) }
        for index in items.indices where pass.proximal[range.lowerBound + index] == nil {
            pass.proximal[range.lowerBound + index] = current[index]
        }
        let rate = settings.schedule.rate(at: optimiser.stepCount)
        let norm = optimiser.step(parameters.mutableView, gradient: gradient.view, learningRate: rate)
        guard norm.isFinite else { throw .notFinite(try culprits(items, weights: weights, slope: slope, in: range)) }
        guard optimiser.isFinite, VectorMath.sumOfSquares(parameters.view).isFinite else { throw .notFinite([]) }
        statistics.learningRate = rate
        statistics.gradientNorm += norm
        statistics.steps += 1
        return terms
    }

    /// The crystals whose own gradient is not finite.
    private func culprits(
        _ items: [SampledCrystal], weights: PolicyWeights,
        slope: @escaping @Sendable (Int, LogProbabilities) -> LogProbabilities, in range: Range<Int>
    ) throws(Interruption) -> [Int] {
        var found: [Int] = []
        for (index, item) in items.enumerated() {
            _ = try policy { () throws(PolicyError) in
                try team.gradient(of: [item.crystal], weights: weights, into: gradient.mutableView) { slope(index, $1) }
            }
            if !VectorMath.sumOfSquares(gradient.view).isFinite { found.append(range.lowerBound + index) }
        }
        return found
    }

    /// Whether the new weights still give probabilities: weights can be finite and yet of no use.
    private func probe(_ pass: Pass) throws(Interruption) {
        let some = Array(pass.items.prefix(GradientTeam.pieceSize))
        guard try logProbabilities(some, by: weights, team).allSatisfy(\.isSensible) else { throw .notFinite([]) }
    }

    /// Computes some log-probabilities under the reference again, and all if one of them is off.
    ///
    /// - Returns: the crystals that were off; they have the right values now.
    private func checkReferences(_ pass: inout Pass) throws(Interruption) -> Set<Int> {
        guard let reference else { return [] }
        func own(_ indices: [Int]) throws(Interruption) -> [(index: Int, value: LogProbabilities)] {
            let values = try logProbabilities(indices.map { pass.items[$0] }, by: reference.weights, reference.team)
            return zip(indices, values).map { ($0, $1) }
        }
        func isOff(_ own: (index: Int, value: LogProbabilities)) -> Bool {
            LogProbabilityClaim.isOff(pass.items[own.index].referenceLogProbability, from: own.value)
        }
        let some = Array(stride(from: 0, to: pass.items.count, by: Self.referenceCheckStride))
        guard try own(some).contains(where: isOff) else { return [] }
        let wrong = try own(Array(pass.items.indices)).filter(isOff)
        for item in wrong { pass.items[item.index].referenceLogProbability = item.value }
        return Set(wrong.map(\.index))
    }

    private func logProbabilities(
        _ items: [SampledCrystal], by weights: PolicyWeights, _ team: GradientTeam
    ) throws(Interruption) -> [LogProbabilities] {
        try policy { () throws(PolicyError) in try team.logProbabilities(of: items.map(\.crystal), weights: weights) }
    }

    private func policy<Value>(_ body: () throws(PolicyError) -> Value) throws(Interruption) -> Value {
        do throws(PolicyError) { return try body() } catch { throw .policy(error) }
    }
}
