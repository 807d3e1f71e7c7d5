package import Configuration
package import PolicyOptimization

/// The part `objective` of a run's configuration: how a batch is learnt from. What each value is stands in `keys`.
package struct ObjectiveConfiguration: ConfigurationSection, Hashable {
    package var ratio = ClippedObjective.Ratio.component
    package var advantage = ClippedObjective.Advantage.detached
    package var clip = 0.2
    package var klWeight = 0.005
    package var klBaseline = ClippedObjective.KLBaseline.batch
    package var ratioLimit = 10.0
    package var importanceLimit = 5.0
    package var epochs = 5
    package var minibatch = 0
    package var learningRate = 2e-4
    var learningRateDecay = 0.0
    package var warmupSteps = 0
    package var clipNorm = 1.0
    var baselineMemory = 0.95

    package init() {}

    package static let keys: [ConfigurationKey<ObjectiveConfiguration>] = [
        .init(
            "ratio", \.ratio, "what is clipped: `component` (W, A, xyz, L each by itself) or `crystal` (the paper)"),
        .init(
            "advantage", \.advantage,
            "whether the gradient runs through the KL term: `detached` (the paper) or `differentiated` (its code)"),
        .init("clip", \.clip, takes: .between(0, 1), "ε of the clipped ratio"),
        .init("kl_weight", \.klWeight, takes: .atLeast(0), "β of the KL term in the advantage"),
        .init(
            "kl_baseline", \.klBaseline,
            "what is taken off the KL term, as the baseline is off the reward: its mean over the `batch`, or `none` "
                + "(the paper), with which the KL grows once β times KL nears the spread of the rewards"),
        .init(
            "ratio_limit", \.ratioLimit,
            takes: .custom("0 or above 1 + clip") { $0 == 0 || ($0 > 1 && $0.isFinite) ? nil : ratioLimitProblem($0) },
            "the largest ratio that counts where the advantage is negative; 0: no limit, as in the paper"),
        .init(
            "importance_limit", \.importanceLimit, takes: .atLeast(1),
            "the largest weight of a crystal that an older policy sampled: its probability now over that when it was "
                + "sampled, of each `ratio` (asynchronous mode, and `weights_on_the_wire: bf16`)"),
        .init("epochs", \.epochs, takes: .range(1...1000), "passes over a batch"),
        .init("minibatch", \.minibatch, takes: .atLeast(0), unit: "crystals", "crystals a step; 0: the whole batch"),
        .init("learning_rate", \.learningRate, takes: .above(0), "of the first step; see `learning_rate_decay`"),
        .init(
            "learning_rate_decay", \.learningRateDecay, takes: .atLeast(0),
            "the rate of a step is rate / (1 + decay · step)"),
        .init("warmup_steps", \.warmupSteps, takes: .atLeast(0), unit: "steps", "over which the rate climbs from 0"),
        .init("clip_norm", \.clipNorm, takes: .above(0, orInfinite: true), "the largest norm of the gradient"),
        .init(
            "baseline_memory", \.baselineMemory, takes: .from(0, below: 1),
            "η of the running average that is taken off the rewards"),
    ]

    /// Takes nothing off the KL term where a run does not and nobody asked for it.
    mutating func adoptKLBaseline(of run: ObjectiveConfiguration) {
        if run.klBaseline == .none, klBaseline == ObjectiveConfiguration().klBaseline { klBaseline = .none }
    }

    package var conflicts: [(key: String, problem: String)] {
        ratioLimit == 0 || ratioLimit > 1 + clip ? [] : [("ratio_limit", Self.ratioLimitProblem(ratioLimit))]
    }

    private static func ratioLimitProblem(_ value: Double) -> String {
        "is \(value.shown); it must be 0 (no limit) or above 1 + clip"
    }

    /// The settings of the trainer.
    package var settings: PolicyGradientSettings {
        var settings = PolicyGradientSettings()
        settings.objective = ClippedObjective(
            clip: clip, klWeight: klWeight, ratio: ratio, advantage: advantage,
            ratioLimit: ratioLimit > 0 ? ratioLimit : nil,
            klBaseline: klBaseline)
        settings.importanceLimit = importanceLimit
        settings.epochs = epochs
        settings.minibatch = minibatch
        settings.schedule = .inverse(rate: learningRate, decay: learningRateDecay, warmup: warmupSteps)
        settings.adam.clipNorm = clipNorm
        return settings
    }
}

extension ClippedObjective.Ratio: ConfigurationValue {}
extension ClippedObjective.Advantage: ConfigurationValue {}
extension ClippedObjective.KLBaseline: ConfigurationValue {}
