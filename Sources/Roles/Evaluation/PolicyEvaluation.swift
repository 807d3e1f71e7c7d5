package import Archive
internal import Crystals
internal import Foundation
internal import Kernels
package import Policy
package import Rewards
internal import Stability

/// Samples a policy and measures its crystals: validity, stability, uniqueness, spread.
package struct PolicyEvaluation: Sendable {
    /// Crystals that go through the network together; part of what a seed means.
    package static let unitSize = 32

    /// How to sample and judge.
    package struct Settings: Sendable {
        package var count = 1000
        package var seed: UInt64 = 1
        package var options = SamplingOptions()
        /// All alike; empty for the frequencies of the policy's training data.
        package var spaceGroups: [Int] = []
        /// eV/atom
        package var stableBelow = 0.1
        package var reward = RewardConfiguration()
        package var threads = 1

        package init() {}
    }

    private let engine: ScoringEngine
    private let settings: Settings

    package init(engine: ScoringEngine, settings: Settings) {
        self.engine = engine
        self.settings = settings
    }

    /// One sample and what became of it.
    package struct Judged: Sendable {
        package var sample: Sample
        package var outcome: RewardOutcome
    }

    /// Samples and judges; the result depends on policy and settings alone, not on the number of threads.
    ///
    /// - Parameter progress: told how many crystals are done, on any thread.
    package func run(_ weights: PolicyWeights, progress: @escaping @Sendable (Int) -> Void = { _ in }) -> [Judged] {
        let units = (settings.count + Self.unitSize - 1) / Self.unitSize
        let team = ThreadTeam(threadCount: settings.threads)
        let groups =
            settings.spaceGroups.isEmpty
            ? SpaceGroupDistribution(metadata: weights.metadata)
            : SpaceGroupDistribution(uniform: settings.spaceGroups.compactMap(SpaceGroup.init(number:)))
        let results = Slots<[Judged]>(count: units, empty: [])
        let (settings, engine) = (settings, engine)
        team.forEach(units) { unit, _ in
            let first = unit * Self.unitSize
            let count = min(Self.unitSize, settings.count - first)
            var generators = (0..<count).map {
                Philox(seed: settings.seed, stream: (0x4556_414c, UInt32(truncatingIfNeeded: unit), UInt32($0)))
            }
            let drawn = generators.indices.map { groups.draw(&generators[$0]) }
            let samples = Sampler(weights: weights, options: settings.options, capacity: count).sample(
                drawn, generators: generators)
            let reward = engine.makeReward(settings.reward)
            results[unit] = samples.map {
                Judged(sample: $0, outcome: reward.evaluate($0.crystal, isTerminated: $0.isTerminated).outcome)
            }
            progress(count)
        }
        return results.all.flatMap { $0 }
    }

    /// The figures of a table: shares are of all samples, failures count as unstable.
    package func summary(of judged: [Judged], policy: String) -> EvaluationSummary {
        var spread = CrystalSpread()
        var energies: [Double] = []
        var valid = 0
        for item in judged {
            spread.add(item.sample.crystal)
            switch item.outcome {
            case .scored(let score):
                energies.append(score.energyAboveHull)
                valid += 1
            case .failed: valid += 1
            case .invalid: break
            }
        }
        let n = Double(max(1, judged.count))
        return EvaluationSummary(
            samples: judged.count, stableFraction: Double(energies.filter { $0 < settings.stableBelow }.count) / n,
            validFraction: Double(valid) / n, uniqueFraction: spread.uniqueFraction, spaceGroups: spread.spaceGroups,
            elements: spread.elements, energiesAboveHull: energies, policy: policy, seed: settings.seed,
            temperature: settings.options.temperature)
    }
}
