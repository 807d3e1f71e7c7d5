internal import Archive
internal import Base
internal import Crystals
package import Engines
package import Policy
package import Report
package import Rewards
package import Trajectories

/// Samples a policy and measures its crystals: validity, stability, uniqueness, spread.
package struct PolicyEvaluation: Sendable {
    /// How to sample and judge.
    package struct Settings: Sendable {
        package var count = 1000
        package var seed: UInt64 = 1
        package var options = SamplingOptions()
        /// All alike; empty for the frequencies of the policy's training data.
        package var spaceGroups: [Int] = []
        /// eV/atom
        package var stableBelow = RunManifest.usualStableBelow
        package var limits = ValidityLimits()
        package var threads = 1

        package init() {}
    }

    /// One sample and what became of it.
    package struct Measured: Sendable {
        package var sample: Sample
        package var outcome: Outcome
    }

    /// Other random numbers than those of a run of the same seed: what is measured was not trained on.

    private let engine: ScoringEngine
    private let settings: Settings

    package init(engine: ScoringEngine, settings: Settings) {
        self.engine = engine
        self.settings = settings
    }

    /// Samples and measures; the result depends on policy and settings alone, not on the number of threads.
    ///
    /// - Parameter progress: told how many crystals are done.
    package func run(_ weights: PolicyWeights, progress: (Int) -> Void = { _ in }) throws -> [Measured] {
        let sampling = CrystalSampling(
            weights: weights, options: settings.options,
            groups: SpaceGroupDistribution(spaceGroups: settings.spaceGroups, metadata: weights.metadata),
            seed: settings.seed, domain: .evaluation, threads: settings.threads)
        let measurers = engine.measurers(settings.threads, settings.limits)
        let team = ThreadTeam(threadCount: settings.threads)
        var measured: [Measured] = []
        try sampling.draw(settings.count) { samples in
            measured += team.map(samples) { sample, thread in
                let timed = measurers[thread].measurer.measure(sample.crystal, isTerminated: sample.isTerminated)
                return Measured(sample: sample, outcome: timed.outcome)
            }
            progress(measured.count)
        }
        return measured
    }

    /// The figures of a table: shares are of all samples, failures count as unstable.
    package func summary(of measured: [Measured], policy: String) -> EvaluationSummary {
        var spread = CrystalSpread()
        var energies: [Double] = []
        var valid = 0
        for item in measured {
            spread.add(item.sample.crystal)
            switch item.outcome {
            case .measured(let measurement):
                if let height = measurement[.energyAboveHull] { energies.append(height) }
                valid += 1
            case .failed: valid += 1
            case .invalid: break
            }
        }
        let n = Double(max(1, measured.count))
        return EvaluationSummary(
            samples: measured.count, stableFraction: Double(energies.filter { $0 < settings.stableBelow }.count) / n,
            validFraction: Double(valid) / n, uniqueFraction: spread.uniqueFraction, spaceGroups: spread.spaceGroups,
            elements: spread.elements, energiesAboveHull: energies, policy: policy, seed: settings.seed,
            temperature: settings.options.temperature, stableBelow: settings.stableBelow)
    }
}
