import Base
import Crystals
import Engines
import Foundation
import Policy
import PolicyOptimization
import Rewards
import Trajectories

/// The benchmarks of `druse bench`: each measures one stage of fine-tuning on real crystals.
struct Benchmarks {
    static let names = [
        "sample", "logp", "actor-unit", "ppo-step", "score", "forces", "property", "relax", "hull", "match", "hub",
        "hub-sockets", "status", "step", "weights", "machine",
    ]

    /// A policy to measure.
    private struct Shape {
        let name: String
        let weights: PolicyWeights
    }

    private let threadCounts: [Int]
    let minimumSeconds: Double
    private let shapes: [Shape]
    private let embedded: PolicyWeights

    /// - Parameters:
    ///   - threadCounts: each benchmark is run with each of them.
    ///   - minimumSeconds: how long each measurement goes on at least.
    init(threadCounts: [Int], minimumSeconds: Double) throws {
        self.threadCounts = threadCounts
        self.minimumSeconds = minimumSeconds
        embedded = try PolicyWeights.embedded()
        shapes = [
            Shape(name: "full", weights: PolicyWeights(random: 1, configuration: .full)),
            Shape(name: "embedded", weights: embedded),
        ]
    }

    /// Runs some benchmarks and hands over each result as it comes.
    func run(_ names: [String], deliver: (BenchmarkRecord) throws -> Void) throws {
        if names.contains("machine") { try deliver(machine()) }
        if names.contains("hull") { try HullBenchmark().run(self).forEach(deliver) }
        if names.contains("status") {
            for peers in StatusBenchmark.peerCounts { try deliver(status(peers: peers)) }
        }
        guard names.contains(where: { !["machine", "hull", "status"].contains($0) }) else { return }
        let crystals = try draw(embedded, count: 512, threads: ThreadTeam.availableCores)
        if names.contains("match") {
            let samples = try draw(embedded, count: 10_000, threads: ThreadTeam.availableCores)
            for threads in threadCounts { try match(samples, threads: threads).forEach(deliver) }
        }
        for threads in threadCounts {
            for shape in shapes {
                if names.contains("sample") { try deliver(sample(shape, threads: threads)) }
                if names.contains("logp") { try deliver(logProbability(shape, crystals: crystals, threads: threads)) }
                if names.contains("actor-unit") { try deliver(actorUnit(shape, threads: threads)) }
                if names.contains("ppo-step") { try deliver(policyStep(shape, crystals: crystals, threads: threads)) }
            }
            if names.contains("step") {
                for shape in shapes {
                    try deliver(step(shape.name, shape.weights, crystals: crystals, threads: threads))
                }
            }
            if names.contains("score") { try deliver(score(crystals, threads: threads)) }
            if names.contains("relax") { try deliver(relax(crystals, threads: threads)) }
            if names.contains("property") { try deliver(property(crystals, threads: threads)) }
            if names.contains("forces") { try forces(crystals, threads: threads).forEach(deliver) }
        }
        if names.contains("hub") {
            for peers in Self.peerCounts { try deliver(hub(crystals, peers: peers)) }
        }
        if names.contains("hub-sockets") {
            for offered in [nil, 20_000.0, 2_000.0] { try deliver(hubSockets(crystals, peers: 500, offered: offered)) }
        }
        if names.contains("weights") {
            for size in WeightsBenchmark.sizes {
                for actors in [1, 10] { try deliver(weights(byteCount: size, actors: actors)) }
            }
        }
    }

    private func draw(_ weights: PolicyWeights, count: Int, threads: Int) throws -> [Crystal] {
        var crystals: [Crystal] = []
        try CrystalSampling(
            weights: weights, options: SamplingOptions(), groups: SpaceGroupDistribution(metadata: embedded.metadata),
            seed: 7, domain: .toolSampling, threads: threads
        ).draw(count) { crystals += $0.map(\.crystal) }
        return crystals
    }

    /// Calls `body` until the time is over; returns calls and seconds.
    func measure(_ body: () throws -> Void) rethrows -> (calls: Int, seconds: Double) {
        try body()
        let start = ContinuousClock.now
        var calls = 0
        repeat {
            try body()
            calls += 1
        } while (ContinuousClock.now - start) / .seconds(1) < minimumSeconds
        return (calls, (ContinuousClock.now - start) / .seconds(1))
    }

    private func sample(_ shape: Shape, threads: Int) throws -> BenchmarkRecord {
        let count = 64 * threads
        var tokens = 0
        let (calls, seconds) = try measure {
            tokens = try draw(shape.weights, count: count, threads: threads).reduce(0) { $0 + 5 * $1.sites.count + 1 }
        }
        var record = BenchmarkRecord(
            benchmark: "sample", shape: shape.name, threads: threads, crystals: calls * count, seconds: seconds)
        record.setNetwork(
            parameters: shape.weights.layout.parameterCount, tokens: calls * tokens, operationsPerWeight: 2)
        if shape.name == "full" {
            record.reference = [
                .init(0.13, "the reference implementation, JAX, two CPU cores of this kind"),
                .init(40, "the reference implementation, JAX, one H100 (25 to 40)"),
            ]
        }
        return record
    }

    private func logProbability(_ shape: Shape, crystals: [Crystal], threads: Int) throws -> BenchmarkRecord {
        let team = GradientTeam(layout: shape.weights.layout, threads: threads)
        let part = Array(crystals.prefix(128))
        let (calls, seconds) = try measure { _ = try team.logProbabilities(of: part, weights: shape.weights) }
        return network("logp", shape, part, calls: calls, seconds: seconds, threads: threads, operations: 2)
    }

    private func actorUnit(_ shape: Shape, threads: Int) throws -> BenchmarkRecord {
        var policy = shape.weights
        policy.metadata = embedded.metadata
        let result = try ActorUnitBenchmark(policy: policy, threads: threads).run(minimumSeconds: minimumSeconds)
        var record = BenchmarkRecord(
            benchmark: "actor-unit", shape: shape.name, threads: threads, crystals: result.crystals,
            seconds: result.seconds)
        // Sampling and both log-probabilities run every token through the network.
        record.setNetwork(
            parameters: shape.weights.layout.parameterCount, tokens: result.tokens, operationsPerWeight: 6)
        record.cpuSeconds = result.cpuSeconds
        record.pageFaultsPerUnit =
            Double(result.pageFaults * ActorUnitBenchmark.unitSize) / Double(max(1, result.crystals))
        return record
    }

    private func policyStep(_ shape: Shape, crystals: [Crystal], threads: Int) throws -> BenchmarkRecord {
        let part = Array(crystals.prefix(128))
        let team = GradientTeam(layout: shape.weights.layout, threads: threads)
        let values = try team.logProbabilities(of: part, weights: shape.weights)
        let batch = part.indices.map { index in
            let sampled = SampledCrystal(
                id: CrystalID(version: 0, unit: 0, index: index), crystal: part[index], isTerminated: true,
                logProbability: values[index], referenceLogProbability: values[index])
            return (sampled, reward: Double(index % 3))
        }
        var settings = PolicyGradientSettings()
        settings.epochs = 1
        let trainer = PolicyGradientTrainer(weights: shape.weights, settings: settings, threads: threads)
        let (calls, seconds) = try measure { _ = try trainer.train(batch) }
        return network("ppo-step", shape, part, calls: calls, seconds: seconds, threads: threads, operations: 6)
    }

    private func network(
        _ name: String, _ shape: Shape, _ crystals: [Crystal], calls: Int, seconds: Double, threads: Int,
        operations: Double
    ) -> BenchmarkRecord {
        var record = BenchmarkRecord(
            benchmark: name, shape: shape.name, threads: threads, crystals: calls * crystals.count, seconds: seconds)
        let tokens = crystals.reduce(0) { $0 + 5 * $1.sites.count + 1 }
        record.setNetwork(
            parameters: shape.weights.layout.parameterCount, tokens: calls * tokens, operationsPerWeight: operations)
        return record
    }

    /// Energy and hull distance of crystals that the base policy draws.
    private func score(_ crystals: [Crystal], threads: Int) throws -> BenchmarkRecord {
        let engine = try ScoringEngine(potential: "chgnet", hull: "default")
        let team = ThreadTeam(threadCount: threads)
        let measurers = engine.measurers(threads, ValidityLimits())
        let (calls, seconds) = measure {
            team.forEach(crystals.count) { index, thread in _ = measurers[thread].measurer.measure(crystals[index]) }
        }
        var record = BenchmarkRecord(
            benchmark: "score", shape: "base policy's crystals", threads: threads, crystals: calls * crystals.count,
            seconds: seconds)
        let atoms = crystals.reduce(0) { $0 + ((try? $1.structure(cell: .primitive).atomCount) ?? 0) }
        record.atomsPerCrystal = Double(atoms) / Double(max(1, crystals.count))
        return record
    }
}
