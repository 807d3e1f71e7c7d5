import Archive
import ArgumentParser
import Base
import Engines
import Evaluation
import FineTuning
import Foundation
import Policy
import Report
import Rewards

/// `druse evaluate`: samples a policy and measures its crystals.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Sample a policy and measure stability, validity, uniqueness and spread.",
        discussion: """
            With --policy: one policy. With --run: the policies before and after a run, side by side; the figures are \
            kept in the run's directory for its report. Shares are of all samples; crystals that cannot be evaluated \
            count as unstable. Crystals are not relaxed.
            """)

    @Option(help: "The policy: base, or a safetensors file.")
    var policy: String?

    @Option(name: .customLong("run"), help: "A run's directory.")
    var runDirectory: String?

    @Option(help: "How many crystals.")
    var count = 1000

    @Option(help: "The seed.")
    var seed: UInt64 = 1

    @Option(help: "Divides logits and concentrations; 1 samples the policy itself.")
    var temperature = 1.0

    @Option(name: .customLong("space-group"), parsing: .upToNextOption, help: "Space groups to sample, uniformly.")
    var spaceGroups: [Int] = []

    @OptionGroup var frequencies: FrequencyOptions

    @Option(help: "Below this a crystal counts as stable, eV/atom; the run's, or 0.1.")
    var stableBelow: Double?

    @Option(help: "The potential: chgnet, or a safetensors file; the run's, or chgnet.")
    var potential: String?

    @Option(help: "The hull: default, or a file in the Alexandria layout; the run's, or default.")
    var hull: String?

    @Option(help: "Threads; 0 for all cores.")
    var threads = 0

    @Flag(help: "JSON instead of a table.")
    var json = false

    func validate() throws {
        guard (policy == nil) != (runDirectory == nil) else {
            throw ValidationError("give either --policy or --run")
        }
        guard count >= 1 else { throw ValidationError("--count must be at least 1") }
        guard temperature > 0, temperature.isFinite else { throw ValidationError("--temperature must be positive") }
        try frequencies.validate(spaceGroups: spaceGroups)
        if frequencies.spaceGroupsFrom != nil, policy == nil {
            throw ValidationError("--space-groups-from needs --policy: a run has its own")
        }
        for group in spaceGroups where !(1...230).contains(group) {
            throw ValidationError("--space-group \(group): space groups are 1...230")
        }
    }

    func run() throws {
        let directory = try runDirectory.map { try RunDirectory.open(at: URL(filePath: $0)) }
        let inputs = try directory.map(RunInputs.init)
        let run = inputs?.configuration
        var settings = PolicyEvaluation.Settings()
        settings.count = count
        settings.seed = seed
        settings.options.temperature = temperature
        settings.spaceGroups = spaceGroups.isEmpty ? run?.spaceGroups ?? [] : spaceGroups
        settings.stableBelow = stableBelow ?? run?.stableBelow ?? settings.stableBelow
        settings.limits = run?.reward.limits ?? settings.limits
        settings.threads = threads > 0 ? threads : ThreadTeam.availableCores
        let engine = try engine(of: inputs)
        let evaluation = PolicyEvaluation(engine: engine, settings: settings)
        var newest: URL?
        var columns: [(title: String, summary: EvaluationSummary)] = []
        if let directory {
            let policies = try RunPolicies(directory) { damage in
                writeMessage("warning: a checkpoint is damaged, the one before it is taken: \(damage)")
            }
            columns.append(("before", try summary(evaluation, policies.before, name: "before")))
            columns.append(("after", try summary(evaluation, policies.after, name: "version \(policies.version)")))
            newest = policies.file
        } else if let policy {
            let weights = try FineTuningRun.policy(named: policy, spaceGroups: frequencies.spaceGroupsFrom)
            try frequencies.require(of: weights, named: policy, spaceGroups: settings.spaceGroups)
            columns.append((policy, try summary(evaluation, weights, name: policy)))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            for column in columns { print(String(decoding: try encoder.encode(column.summary), as: UTF8.self)) }
        } else {
            print(EvaluationTable(columns).text)
            if let newest { print("policy after: \(newest.path)") }
        }
        // Last: what was measured is on the screen even where it cannot be kept.
        if let directory {
            try columns[0].summary.write(to: directory.evaluationBefore)
            try columns[1].summary.write(to: directory.evaluationAfter)
        }
    }

    /// The potential and the hull asked for, else the run's own, else the embedded ones.
    private func engine(of inputs: RunInputs?) throws -> ScoringEngine {
        guard let inputs else {
            return try ScoringEngine(potential: potential ?? "chgnet", hull: hull ?? "default")
        }
        if potential == nil, hull == nil { return try inputs.engine() }
        let names = inputs.engineNames
        return try ScoringEngine(potential: potential ?? names.potential, hull: hull ?? names.hull)
    }

    private func summary(_ evaluation: PolicyEvaluation, _ weights: PolicyWeights, name: String) throws
        -> EvaluationSummary
    {
        evaluation.summary(of: try evaluation.run(weights), policy: name)
    }
}
