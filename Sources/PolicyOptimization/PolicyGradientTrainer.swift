package import Crystals
internal import Kernels
package import Policy

/// A crystal to learn from.
package struct Experience: Sendable {
    package var crystal: Crystal
    /// Under the policy that drew it.
    package var behaviour: LogProbabilities
    /// Under the frozen reference policy.
    package var reference: LogProbabilities
    package var reward: Double

    package init(crystal: Crystal, behaviour: LogProbabilities, reference: LogProbabilities, reward: Double) {
        self.crystal = crystal
        self.behaviour = behaviour
        self.reference = reference
        self.reward = reward
    }
}

/// How a batch is learnt from.
package struct PolicyGradientSettings: Sendable, Hashable {
    package var objective = ClippedObjective()
    /// Passes over a batch.
    package var epochs = 5
    /// Crystals of a step; 0 for the whole batch, as in the paper.
    package var minibatch = 0
    package var schedule = LearningRateSchedule.inverse(rate: 1e-4, decay: 0)
    package var adam = Adam.Settings()

    package init() {}
}

/// What happened while a batch was learnt from.
package struct PolicyGradientStatistics: Sendable, Hashable, Codable {
    /// Mean of the objective over all steps.
    package var objective = 0.0
    /// Mean of log p - log p_reference of the behaviour policy, nats a crystal: the KL divergence from the reference, estimated.
    package var klReference = 0.0
    /// The share of ratios on the clipped branch in the last pass: w, a, xyz, l, or the whole crystal.
    package var clipFraction: [Double] = []
    /// Ratios of whole crystals in the last pass.
    package var ratioMean = 1.0
    package var ratioMinimum = 1.0
    package var ratioMaximum = 1.0
    /// (Σ r)² / (n Σ r²) in the last pass, 0...1.
    package var effectiveSampleShare = 1.0
    /// Mean norm of the gradient before clipping.
    package var gradientNorm = 0.0
    package var learningRate = 0.0
    package var baseline = 0.0
    package var steps = 0

    package init() {}
}

/// Clipped policy gradients on batches of scored crystals. All state is explicit, so that a run can stop and go on bit by bit.
package final class PolicyGradientTrainer {
    package let settings: PolicyGradientSettings
    package private(set) var optimiser: Adam
    package private(set) var baseline: RunningBaseline
    private let layout: ParameterLayout
    private let parameters: FloatBuffer
    private let gradient: FloatBuffer
    private let team: GradientTeam
    private let facts: [String: String]

    package init(
        weights: PolicyWeights, settings: PolicyGradientSettings, optimiser: Adam? = nil,
        baseline: RunningBaseline = RunningBaseline(), threads: Int
    ) {
        self.settings = settings
        self.optimiser = optimiser ?? Adam(parameterCount: weights.layout.parameterCount, settings: settings.adam)
        self.baseline = baseline
        layout = weights.layout
        parameters = FloatBuffer(weights.parameters.array)
        gradient = FloatBuffer(count: weights.layout.parameterCount)
        team = GradientTeam(layout: weights.layout, threads: threads)
        facts = weights.metadata
    }

    /// A copy of the weights as they are now.
    package var weights: PolicyWeights {
        PolicyWeights(layout: layout, parameters: parameters.array, metadata: facts)
    }

    /// Learns from a batch.
    ///
    /// - Parameter batch: in an order that does not depend on who drew or scored the crystals; failed evaluations are not in it.
    package func train(_ batch: [Experience]) throws(PolicyError) -> PolicyGradientStatistics {
        var statistics = PolicyGradientStatistics()
        guard !batch.isEmpty else { return statistics }
        let mean = batch.reduce(0) { $0 + $1.reward } / Double(batch.count)
        let level = baseline.update(meanReward: mean)
        statistics.baseline = level
        statistics.klReference =
            batch.reduce(0) { $0 + $1.behaviour.total - $1.reference.total } / Double(batch.count)
        let size = settings.minibatch > 0 ? min(settings.minibatch, batch.count) : batch.count
        var values = 0.0
        for epoch in 0..<settings.epochs {
            var tally = RatioTally()
            for start in stride(from: 0, to: batch.count, by: size) {
                let part = Array(batch[start..<min(start + size, batch.count)])
                let terms = try step(part, baseline: level, statistics: &statistics)
                values += terms.reduce(0) { $0 + $1.value } / Double(part.count)
                tally.add(terms)
            }
            if epoch + 1 == settings.epochs { tally.write(to: &statistics) }
        }
        let steps = Double(max(1, statistics.steps))
        statistics.objective = values / steps
        statistics.gradientNorm /= steps
        return statistics
    }

    private func step(
        _ part: [Experience], baseline level: Double, statistics: inout PolicyGradientStatistics
    ) throws(PolicyError) -> [ClippedObjective.Term] {
        let objective = settings.objective
        let share = -1 / Double(part.count)
        let term: @Sendable (Int, LogProbabilities) -> ClippedObjective.Term = { index, current in
            let item = part[index]
            return objective.term(
                current: current, behaviour: item.behaviour, reference: item.reference, advantage: item.reward - level)
        }
        let current = try team.gradient(of: part.map(\.crystal), weights: weights, into: gradient.view) {
            index, value in
            let slope = term(index, value).derivative
            return LogProbabilities(w: share * slope.w, a: share * slope.a, xyz: share * slope.xyz, l: share * slope.l)
        }
        let rate = settings.schedule.rate(at: optimiser.stepCount)
        statistics.learningRate = rate
        statistics.gradientNorm += optimiser.step(parameters.view, gradient: gradient.view, learningRate: rate)
        statistics.steps += 1
        return current.enumerated().map(term)
    }
}

/// Sums over the ratios of a pass.
private struct RatioTally {
    private var clipped: [Double] = []
    private var ratios: [Double] = []

    mutating func add(_ terms: [ClippedObjective.Term]) {
        for term in terms {
            if clipped.isEmpty { clipped = term.isClipped.map { _ in 0 } }
            for (index, isClipped) in term.isClipped.enumerated() where isClipped { clipped[index] += 1 }
            ratios.append(term.ratios.reduce(1, *))
        }
    }

    func write(to statistics: inout PolicyGradientStatistics) {
        let n = Double(max(1, ratios.count))
        let sum = ratios.reduce(0, +)
        let squares = ratios.reduce(0) { $0 + $1 * $1 }
        statistics.clipFraction = clipped.map { $0 / n }
        statistics.ratioMean = sum / n
        statistics.ratioMinimum = ratios.min() ?? 1
        statistics.ratioMaximum = ratios.max() ?? 1
        statistics.effectiveSampleShare = squares > 0 ? sum * sum / (n * squares) : 0
    }
}
