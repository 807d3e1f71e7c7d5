// swift-format-ignore-file: AlwaysUseLowerCamelCase
// (Names of decoded values are the keys of the fixtures.)

import Base
import Foundation
import Kernels
import Policy
import PolicyFixtures
import PolicyOptimization
import Testing
import Trajectories

/// Whole optimiser runs against the reference.
@Suite struct TrainerTests {
    struct AdamRun: Decodable {
        struct Step: Decodable {
            let grad: [String: Numbers]?
            let grad_global_norm: Double?
            let params: [String: Numbers]?
        }
        let lr: Double
        let lr_decay: Double
        let clip_grad: Double
        let steps: [Step]
    }

    /// Numbers nested to any depth, flattened.
    struct Numbers: Decodable {
        let values: [Double]
        init(from decoder: any Decoder) throws {
            if let number = try? decoder.singleValueContainer().decode(Double.self) {
                values = [number]
            } else {
                values = try decoder.singleValueContainer().decode([Numbers].self).flatMap(\.values)
            }
        }
    }

    @Test func adam_matchesTheReferenceStepByStep() throws {
        for run in try Fixture.json("adam_unit.json", as: [AdamRun].self) {
            func flat(_ table: [String: Numbers]) -> [Float] {
                table.keys.sorted().flatMap { table[$0]?.values.map(Float.init) ?? [] }
            }
            let start = flat(try #require(run.steps[0].params))
            let parameters = FloatBuffer(start)
            var settings = Adam.Settings()
            settings.clipNorm = run.clip_grad
            var adam = Adam(parameterCount: start.count, settings: settings)
            let schedule = LearningRateSchedule.inverse(rate: run.lr, decay: run.lr_decay)
            for step in run.steps.dropFirst() {
                let gradient = FloatBuffer(flat(try #require(step.grad)))
                let norm = adam.step(
                    parameters.mutableView, gradient: gradient.view, learningRate: schedule.rate(at: adam.stepCount))
                #expect(abs(norm - (step.grad_global_norm ?? 0)) <= 1e-5 * norm + 1e-12)
                for (ours, theirs) in zip(parameters.array, flat(try #require(step.params))) {
                    #expect(abs(ours - theirs) <= 1e-5 * abs(theirs) + 1e-7)
                }
            }
        }
    }

    struct Gradient: Decodable {
        struct Case: Decodable {
            let beta: Double
            let eps_clip: Double
            let value: Double
            let kl: Double
            let grad_global_norm: Double
            let gradient_file: String?
        }
        let crystals: [Int]
        let old_logp: [Double]
        let pretrain_logp: [Double]
        let advantages: [Double]
        let cases: [Case]
    }

    @Test(arguments: ["tiny", "small"])
    func policyGradient_ofEveryParameterMatchesTheReference(model: String) throws {
        let weights = try Fixture.weights(model)
        let expected: Gradient = try Fixture.json("\(model)/ppo.json")
        let all = try Fixture.inputCrystals()
        let crystals = expected.crystals.map { all[$0] }
        let team = GradientTeam(layout: weights.layout, threads: 2)
        for example in expected.cases {
            let objective = ClippedObjective(
                clip: example.eps_clip, klWeight: example.beta, ratio: .crystal, advantage: .differentiated)
            let gradient = FloatBuffer(count: weights.layout.parameterCount)
            let n = Double(crystals.count)
            let term: @Sendable (Int, LogProbabilities) -> ClippedObjective.Term = { index, current in
                objective.term(
                    current: current, proximal: .init(w: expected.old_logp[index], a: 0, xyz: 0, l: 0),
                    reference: .init(w: expected.pretrain_logp[index], a: 0, xyz: 0, l: 0),
                    advantage: expected.advantages[index])
            }
            let values = try team.gradient(of: crystals, weights: weights, into: gradient.mutableView) {
                index, current in
                let slope = term(index, current).derivative.w / n
                return LogProbabilities(w: slope, a: slope, xyz: slope, l: slope)
            }
            let terms = values.enumerated().map { term($0, $1) }
            #expect(abs(terms.reduce(0) { $0 + $1.value } / n - example.value) <= 2e-3)
            #expect(abs(terms.reduce(0) { $0 + $1.kl } / n - example.kl) <= 2e-3)
            let norm = VectorMath.sumOfSquares(gradient.view).squareRoot()
            #expect(abs(norm - example.grad_global_norm) <= 1e-3 * example.grad_global_norm)
            guard let file = example.gradient_file else { continue }
            let stored = try Fixture.tensors("\(model)/\(file)")
            for entry in weights.layout.entries {
                let ours = gradient.view(entry.offset, entry.count).array
                #expect(relativeDistance(ours, stored[entry.name]?.values) <= 2e-3, "\(entry.name)")
            }
        }
    }

    struct Run: Decodable {
        struct Epoch: Decodable {
            let crystals: [Int]
            let cost: [Double]
            let baseline: Double
        }
        let beta: Double
        let eps_clip: Double
        let lr: Double
        let lr_decay: Double
        let clip_grad: Double
        let ppo_epochs: Int
        let epochs: [Epoch]
        let params_file: String
    }

    /// Two versions of three passes, from rewards to final weights, as the reference's own training loop makes them.
    @Test func trainingRun_endsAtTheReferencesWeights() throws {
        let start = try Fixture.weights("tiny")
        let expected: Run = try Fixture.json("tiny/ppo_train.json")
        let all = try Fixture.inputCrystals()
        var settings = PolicyGradientSettings()
        settings.objective = ClippedObjective(
            clip: expected.eps_clip, klWeight: expected.beta, ratio: .crystal, advantage: .differentiated)
        settings.epochs = expected.ppo_epochs
        settings.schedule = .inverse(rate: expected.lr, decay: expected.lr_decay)
        settings.adam.clipNorm = expected.clip_grad
        let trainer = PolicyGradientTrainer(weights: start, settings: settings, threads: 2)
        let team = GradientTeam(layout: start.layout, threads: 2)
        for epoch in expected.epochs {
            let crystals = epoch.crystals.map { all[$0] }
            let behaviour = try team.logProbabilities(of: crystals, weights: trainer.weights)
            let reference = try team.logProbabilities(of: crystals, weights: start)
            let batch = crystals.indices.map {
                (
                    sampled(crystals[$0], behaviour: behaviour[$0], reference: reference[$0], index: $0),
                    reward: -epoch.cost[$0]
                )
            }
            let statistics = try trainer.train(batch)
            #expect(abs(statistics.baseline - epoch.baseline) < 1e-9)
        }
        let final = try Fixture.tensors("tiny/\(expected.params_file)")
        // Adam's first steps are nearly the sign of the gradient: compare how far the weights moved, and in which
        // direction.
        var (dot, ours, theirs) = (0.0, 0.0, 0.0)
        for entry in start.layout.entries {
            let a = trainer.weights.view(entry).array
            let b = try #require(final[entry.name]?.values)
            let origin = start.view(entry).array
            for index in a.indices {
                let (x, y) = (Double(a[index] - origin[index]), Double(b[index] - origin[index]))
                dot += x * y
                ours += x * x
                theirs += y * y
            }
        }
        #expect(dot / (ours * theirs).squareRoot() > 0.999)
        #expect(abs((ours / theirs).squareRoot() - 1) < 5e-3)
    }

    @Test func gradient_hasTheSameBitsForAnyNumberOfThreads() throws {
        let weights = try Fixture.weights("tiny")
        let some = try Fixture.inputCrystals()
        let crystals = (0..<1_030).map { some[$0 % some.count] }
        var results: Set<[UInt8]> = []
        var values: Set<[LogProbabilities]> = []
        for threads in [1, 2, 3, 7, 64] {
            let gradient = FloatBuffer(count: weights.layout.parameterCount)
            let team = GradientTeam(layout: weights.layout, threads: threads)
            values.insert(
                try team.gradient(of: crystals, weights: weights, into: gradient.mutableView) { index, _ in
                    LogProbabilities(w: 1, a: Double(index), xyz: 0.5, l: -1)
                })
            if threads == 7 { values.insert(try team.logProbabilities(of: crystals, weights: weights)) }
            results.insert(gradient.bytes)
            let pieces = Double(GradientTeam.usefulThreads(crystals: crystals.count))
            #expect(team.bufferCount <= 2 * threads + Int(log2(pieces).rounded(.up)) + 1, "\(threads) threads")
        }
        #expect(results.count == 1 && values.count == 1)
    }

    /// One thread needs the buffer at work and a partial sum for each level of the tree, whatever the batch.
    @Test func gradientBuffers_growWithTheLogarithmOfTheBatch() throws {
        let weights = try Fixture.weights("tiny")
        let some = try Fixture.inputCrystals()
        let gradient = FloatBuffer(count: weights.layout.parameterCount)
        for (count, limit) in [(16, 1), (64, 3), (1_024, 7)] {
            let team = GradientTeam(layout: weights.layout, threads: 1)
            _ = try team.gradient(
                of: (0..<count).map { some[$0 % some.count] }, weights: weights, into: gradient.mutableView
            ) { _, _ in LogProbabilities(w: 1, a: 1, xyz: 1, l: 1) }
            #expect(team.bufferCount <= limit, "\(count) crystals: \(team.bufferCount)")
        }
    }
}
