package import Configuration
package import PolicyOptimization

/// The part `objective` of a run's configuration: how a batch is learnt from.
package struct ObjectiveConfiguration: ConfigurationSection, Hashable {
    /// What the clipped ratio is taken of: crystal (the paper) or component.
    package var ratio = ClippedObjective.Ratio.component
    /// Whether the KL term is differentiated: detached (the paper) or differentiated (the reference's code).
    package var advantage = ClippedObjective.Advantage.detached
    package var clip = 0.2
    /// The largest ratio that counts where the advantage is negative; 0 has no limit, as in the paper.
    package var ratioLimit = 10.0
    package var klWeight = 0.005
    /// Passes over a batch.
    package var epochs = 5
    /// Crystals of a step; 0 for the whole batch.
    package var minibatch = 0
    package var learningRate = 2e-4
    /// rate / (1 + decay · step)
    package var learningRateDecay = 0.0
    /// Steps of the optimiser over which the rate climbs from 0.
    package var warmupSteps = 0
    package var clipNorm = 1.0
    /// η of the running baseline.
    package var baselineMemory = 0.95

    package init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case ratio, advantage, clip, epochs, minibatch
        case klWeight = "kl_weight"
        case ratioLimit = "ratio_limit"
        case learningRate = "learning_rate"
        case learningRateDecay = "learning_rate_decay"
        case warmupSteps = "warmup_steps"
        case clipNorm = "clip_norm"
        case baselineMemory = "baseline_memory"
    }

    package init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.ratio, into: &ratio)
        try read(.advantage, into: &advantage)
        try read(.clip, into: &clip)
        try read(.klWeight, into: &klWeight)
        try read(.ratioLimit, into: &ratioLimit)
        try read(.epochs, into: &epochs)
        try read(.minibatch, into: &minibatch)
        try read(.learningRate, into: &learningRate)
        try read(.learningRateDecay, into: &learningRateDecay)
        try read(.warmupSteps, into: &warmupSteps)
        try read(.clipNorm, into: &clipNorm)
        try read(.baselineMemory, into: &baselineMemory)
    }

    package static var fields: [String: (any ConfigurationSection.Type)?] { plain(CodingKeys.allCases.map(\.rawValue)) }

    package var problems: [String] {
        var problems: [String] = []
        func require(_ condition: Bool, _ text: String) { if !condition { problems.append("objective.\(text)") } }
        require(clip > 0 && clip < 1, "clip is \(clip); it must be between 0 and 1")
        require(
            ratioLimit == 0 || (ratioLimit > 1 + clip && ratioLimit.isFinite),
            "ratio_limit is \(ratioLimit); it must be 0 (no limit) or above 1 + clip")
        require(klWeight >= 0 && klWeight.isFinite, "kl_weight is \(klWeight); it must not be negative")
        require((1...1000).contains(epochs), "epochs is \(epochs); it must be 1...1000")
        require(minibatch >= 0, "minibatch is \(minibatch); it must not be negative")
        require(learningRate > 0 && learningRate.isFinite, "learning_rate is \(learningRate); it must be positive")
        require(
            learningRateDecay >= 0 && learningRateDecay.isFinite,
            "learning_rate_decay is \(learningRateDecay); it must not be negative")
        require(warmupSteps >= 0, "warmup_steps is \(warmupSteps); it must not be negative")
        require(clipNorm > 0, "clip_norm is \(clipNorm); it must be positive")
        require((0..<1).contains(baselineMemory), "baseline_memory is \(baselineMemory); it must be 0 to below 1")
        return problems
    }

    /// The settings of the trainer.
    package var settings: PolicyGradientSettings {
        var settings = PolicyGradientSettings()
        settings.objective = ClippedObjective(
            clip: clip, klWeight: klWeight, ratio: ratio, advantage: advantage,
            ratioLimit: ratioLimit > 0 ? ratioLimit : nil)
        settings.epochs = epochs
        settings.minibatch = minibatch
        settings.schedule = .inverse(rate: learningRate, decay: learningRateDecay, warmup: warmupSteps)
        settings.adam.clipNorm = clipNorm
        return settings
    }
}
