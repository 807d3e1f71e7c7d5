import Archive
import Base
import Configuration
import Crystals
import Engines
import FineTuning
import Fleet
import Foundation
import Kernels
import Policy
import Rewards
import Synchronization
import Testing
import Trajectories

/// The trainer of a run with a small policy: what divergence, wrong claims and kept samplers come to.
@Suite struct PolicyTrainerTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "druse-trainer-\(UUID().uuidString)")
    private let initial: PolicyWeights

    init() {
        var sizes = PolicyConfiguration()
        (sizes.layers, sizes.heads, sizes.keySize, sizes.modelSize) = (1, 2, 8, 16)
        (sizes.embeddingSize, sizes.firstHiddenSize) = (8, 8)
        initial = PolicyWeights(random: 3, configuration: sizes)
    }

    private func trainer(
        rate: Double, versions: Int = 100, engine: EngineDigests = EngineDigests(), resume: Bool = false,
        reward: RewardConfiguration = RewardConfiguration(), problem: @escaping (String) -> Void = { _ in }
    ) throws -> PolicyTrainer {
        var configuration = RunConfiguration()
        configuration.reward = reward
        configuration.versions = versions
        configuration.objective.learningRate = rate
        configuration.objective.epochs = 2
        configuration.batchSize = 40
        configuration.threads = 2
        return try PolicyTrainer(
            configuration: configuration, initial: initial, reference: initial.encoded(), engine: engine,
            store: CheckpointStore(directory: folder, referenceDigest: ""), resume: resume, problem: problem)
    }

    private func sampler(_ weights: PolicyWeights? = nil) throws -> PolicyUnitSampler {
        let sampler = try PolicyUnitSampler(settings: PeerSettings.text(SamplingSettings(spaceGroups: [225, 62, 1])))
        let blob = Blob(try (weights ?? initial).encoded())
        try sampler.load(policy: blob, reference: Blob(initial.encoded()), version: 0)
        return sampler
    }

    private func unit(_ version: Int, count: Int, unit: Int = 0) -> WorkUnit {
        WorkUnit(runSeed: 7, version: PolicyVersion(version), unit: unit, crystalCount: count)
    }

    private func batch(_ version: Int, _ change: (inout ScoredCrystal) -> Void = { _ in }) throws -> ScoredBatch {
        let crystals = try sampler().sample(unit(version, count: 40)).map { sampled in
            var item = ScoredCrystal(
                sampled: sampled, policy: Digest(of: []),
                outcome: .measured(
                    Measurement(energyPerAtom: -1, energyAboveHull: 0.1)),
                scoringSeconds: 0, sampledBy: "host:\(sampled.id.index % 2)", scoredBy: "")
            change(&item)
            return item
        }
        return ScoredBatch(step: Step(version), crystals: crystals, seconds: 1)
    }

    @Test func divergence_keepsTheLastGoodWeightsAndEndsAfterFiveSteps() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let bytes = try initial.encoded()
        var trainer = try trainer(rate: 1e30)
        for version in 0..<4 {
            // Killed and resumed on the way: the count goes on.
            if version == 2 { trainer = try self.trainer(rate: 1e30, resume: true) }
            let trained = try trainer.train(batch(version))
            #expect(trained.version == PolicyVersion(version + 1) && Data(trained.policy.bytes) == bytes)
            #expect(trained.statistics["skipped"] == 1)
            #expect(trained.notes.contains { $0.contains("nothing learnt in step \(version)") })
            try trainer.checkpoint()
        }
        let error = try #require(throws: RoleError.self) { try trainer.train(batch(4)) }
        for part in ["diverges", "learning_rate", "--resume", "version 4"] { #expect("\(error)".contains(part)) }
        let resumed = try self.trainer(rate: 1e30, resume: true).start()
        #expect(resumed.version == 4 && Data(resumed.policy.bytes) == bytes)
    }

    /// A run too short for five steps in a row fails as well if none of its steps learns anything; and again if it is
    /// resumed.
    @Test(arguments: [1, 2, 4]) func divergenceOfAWholeShortRun_endsIt(versions: Int) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let trainer = try trainer(rate: 1e30, versions: versions)
        for version in 0..<versions - 1 {
            _ = try trainer.train(batch(version))
            try trainer.checkpoint()
        }
        for life in [trainer, try self.trainer(rate: 1e30, versions: versions, resume: true)] {
            let error = try #require(throws: RoleError.self) { try life.train(batch(versions - 1)) }
            #expect("\(error)".contains("diverges") && error.isLasting)
        }
    }

    @Test func checkpointOfAnotherPotentialOrHull_isPassedOverWithBothDigests() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let own = EngineDigests(potential: "aa", hull: "bb")
        let trainer = try trainer(rate: 1e-3, engine: own)
        _ = try trainer.train(batch(0))
        try trainer.checkpoint()
        #expect(try self.trainer(rate: 1e-3, engine: own, resume: true).start().version == 1)
        let state = try String(
            contentsOf: folder.appending(path: "version-000001/state.json"), encoding: .utf8)
        #expect(state.contains(#""hull":"bb""#) && state.contains(#""potential":"aa""#))
        let others = [
            (EngineDigests(potential: "aa", hull: "cc"), "hull"), (EngineDigests(potential: "dd"), "potential"),
        ]
        for (other, name) in others {
            var said = ""
            let start = try self.trainer(rate: 1e-3, engine: other, resume: true, problem: { said += $0 }).start()
            #expect(start.version == 0)
            #expect(said.contains("another \(name)") && said.contains(other.hull ?? "dd"))
        }
    }

    /// What a batch says is held for the next step stands in the checkpoint; one without it, of an earlier build, is
    /// gone on from; one that is of another step is passed over.
    @Test func gatheringState_standsInTheCheckpoint() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let trainer = try trainer(rate: 1e-3)
        #expect(try trainer.start().gathering == nil)
        var batch = try batch(0)
        batch.gathering = GatheringState(kind: "exact_version", nextStep: 1)
        _ = try trainer.train(batch)
        try trainer.checkpoint()
        #expect(try self.trainer(rate: 1e-3, resume: true).start().gathering == batch.gathering)

        let store = try CheckpointStore(directory: folder, referenceDigest: "")
        func rewrite(_ change: (inout [String: Any]) -> Void) throws {
            var checkpoint = try store.load(version: 1)
            let part = try #require(checkpoint.parts["state.json"])
            var state = try #require(try JSONSerialization.jsonObject(with: part) as? [String: Any])
            change(&state)
            checkpoint.parts["state.json"] = try JSONSerialization.data(withJSONObject: state)
            try store.save(checkpoint)
        }
        try rewrite { $0["gathering"] = nil }
        let earlier = try self.trainer(rate: 1e-3, resume: true).start()
        #expect(earlier.version == 1 && earlier.gathering == nil)

        try rewrite { $0["gathering"] = ["kind": "exact_version", "nextStep": 4, "held": [String]()] as [String: Any] }
        var said = ""
        let start = try self.trainer(rate: 1e-3, resume: true, problem: { said += $0 }).start()
        #expect(start.version == 0 && said.contains("step 4"))
    }

    @Test func batchOfAnotherStep_isRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let trainer = try trainer(rate: 1e-3)
        let error = try #require(throws: RoleError.self) { try trainer.train(batch(1)) }
        #expect("\(error)".contains("step 1") && "\(error)".contains("version 0"))
    }

    /// All that were scored or invalid and that the policy can learn from; none where the weights stay.
    @Test func trainedOn_namesWhatMovedTheWeights() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let batch = try batch(0) { item in
            switch item.sampled.id.index {
            case 5: item.sampled.crystal.lattice.a = .nan
            case 6: item.outcome = .failed(.engine("toy"))
            case 7: item.outcome = .invalid(.atomsTooClose)
            default: break
            }
        }
        let expected = batch.crystals.map(\.sampled.id).filter { ![5, 6].contains($0.index) }
        #expect(try trainer(rate: 1e-3).train(batch).trainedOn == expected)
        #expect(try trainer(rate: 1e30).train(batch).trainedOn.isEmpty)
    }

    @Test func wrongClaims_nameTheActorAndLeaveTheWeights() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (honest, lied) = (try trainer(rate: 1e-3), try trainer(rate: 1e-3))
        let claimed = try batch(0) { item in
            if item.sampledBy == "host:1" { item.sampled.logProbability.xyz += 0.5 }
        }
        let (first, second) = (try honest.train(batch(0)), try lied.train(claimed))
        #expect(first.distrusted.isEmpty && first.notes.isEmpty)
        #expect(second.distrusted == ["host:1"] && second.statistics["claims_off"] == 20)
        #expect(first.policy.bytes == second.policy.bytes)
    }

    @Test func crystalsOfNoUse_areLeftOutAndNamed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let trained = try trainer(rate: 1e-3).train(
            batch(0) { item in
                if item.sampled.id.index == 5 { item.sampled.crystal.lattice.a = .nan }
                if item.sampled.id.index == 6 { item.sampled.logProbability.w = -1e300 }
            })
        #expect(trained.statistics["unusable"] == 2 && trained.statistics["skipped"] == 0)
        #expect(trained.notes.contains { $0.contains("crystal 0-0-5") && $0.contains("crystal 0-0-6") })
        #expect(try PolicyWeights(encoded: Data(trained.policy.bytes)).parameters.array.allSatisfy(\.isFinite))
    }

    /// A hull that knows nothing of a batch gives nothing to learn: the weights stay, every crystal keeps its reason.
    @Test func aBatchThatAllAbstains_leavesTheWeights() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var reward = RewardConfiguration()
        reward.guards.abstentionLimit = 1
        reward.guards.singleElements = .allow
        let sparse = try batch(0) { item in
            item.outcome = .measured(Measurement([.energyAboveHull: 0, .hullEntries: 3]))
        }
        let trainer = try trainer(rate: 1e-3, reward: reward)
        let trained = try trainer.train(sparse)
        let bytes = try initial.encoded()
        #expect(trained.version == 1 && Data(trained.policy.bytes) == bytes)
        #expect(trained.trainedOn.isEmpty)
        #expect(trained.verdicts.count == 40 && trained.verdicts.allSatisfy { $0.reward == nil })
        #expect(trained.verdicts.allSatisfy { $0.reason == "sparse_hull" })
        #expect(trained.notes == ["nothing learnt in step 0: all 40 crystals abstain (sparse_hull 40)"])
        // The next batch is learnt from.
        #expect(try !trainer.train(batch(1)).trainedOn.isEmpty)
    }

    @Test func aTermThatNobodyMeasures_endsTheRunWithOneLine() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var reward = RewardConfiguration()
        reward.terms = try ConfigurationLoader.parse(
            RewardConfiguration.self, text: "terms: [{source: band_gap}]", source: "test"
        ).terms
        let error = try #require(throws: RoleError.self) { try trainer(rate: 1e-3, reward: reward).train(batch(0)) }
        #expect("\(error)".contains("band_gap was measured on none of") && error.isLasting)
        #expect(!"\(error)".contains("\n"))
    }

    /// What the judge remembers stands in the checkpoint: killed and resumed, a run judges as if it had not been.
    @Test func judging_goesOnFromTheCheckpoint() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var reward = RewardConfiguration()
        reward.guards.batchRepeats = []
        reward.guards.runRepeats = [1, 3]
        reward.normalize = .running
        let whole = try trainer(rate: 1e-3, reward: reward)
        let expected = try (0..<2).map { try whole.train(batch($0)).verdicts }
        // The same crystals come again: every formula of the second batch repeats one of the first.
        #expect(expected[0].map(\.reward) != expected[1].map(\.reward))
        let first = try trainer(rate: 1e-3, reward: reward)
        #expect(try first.train(batch(0)).verdicts == expected[0])
        try first.checkpoint()
        #expect(try trainer(rate: 1e-3, resume: true, reward: reward).train(batch(1)).verdicts == expected[1])
        // A judge that starts anew would judge otherwise.
        #expect(try trainer(rate: 1e-3, reward: reward).train(batch(0)).verdicts == expected[0])
    }

    @Test func moreThreadsThanPieces_isSaid() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = RunConfiguration()
        configuration.batchSize = 40
        configuration.threads = 64
        let said = Mutex<[String]>([])
        _ = try PolicyTrainer(
            configuration: configuration, initial: initial, reference: initial.encoded(),
            store: CheckpointStore(directory: folder, referenceDigest: ""), resume: false,
            problem: { text in said.withLock { $0.append(text) } })
        #expect(said.withLock { $0 }.contains { $0.contains("3 of 64 threads") })
    }

    // MARK: Sampling

    /// A large unit goes through the network in blocks: a crystal does not depend on how many come after it.
    @Test func largeUnit_hasTheCrystalsOfItsBlocks() throws {
        let sampler = try sampler()
        let all = try sampler.sample(unit(0, count: 200))
        #expect(all.count == 200 && Set(all.map(\.id)).count == 200)
        #expect(try sampler.sample(unit(0, count: 64)) == Array(all.prefix(64)))
    }

    /// Buffers are kept between units, versions and threads; results show nothing of it.
    @Test func keptSampler_givesTheCrystalsOfANewOne() async throws {
        let other = PolicyWeights(random: 4, configuration: initial.configuration)
        let kept = try sampler(other)
        _ = try kept.sample(unit(0, count: 33))
        try kept.load(
            policy: Blob(initial.encoded()), reference: Blob(other.encoded()), version: 1)
        let fresh = try sampler()
        try fresh.load(
            policy: Blob(initial.encoded()), reference: Blob(other.encoded()), version: 1)
        let expected = try fresh.sample(unit(1, count: 33))
        try await withThrowingTaskGroup(of: [SampledCrystal].self) { group in
            for _ in 0..<4 { group.addTask { try kept.sample(unit(1, count: 33)) } }
            for try await crystals in group { #expect(crystals == expected) }
        }
    }

    @Test func weightsOfNoUse_areAnErrorAndNoHang() throws {
        var parameters = initial.parameters.array
        for index in parameters.indices { parameters[index] = 1e30 * (index % 2 == 0 ? 1 : -1) }
        let absurd = PolicyWeights(layout: initial.layout, parameters: parameters, metadata: initial.metadata)
        let error = try #require(throws: PolicyError.self) { try sampler(absurd).sample(unit(0, count: 8)) }
        #expect("\(error)".contains("not finite"))
    }

    /// The tools' crystals are none of the run's, for the same seed and the words that were once the same.
    @Test func toolsAndRun_drawOtherCrystalsOfTheSameSeed() throws {
        let run = try sampler().sample(unit(0, count: 32)).map(\.crystal)
        var drawn: [[Crystal]] = []
        for domain in [StreamDomain.toolSampling, .evaluation] {
            var crystals: [Crystal] = []
            try CrystalSampling(
                weights: initial, options: SamplingOptions(),
                groups: SpaceGroupDistribution(spaceGroups: [225, 62, 1], metadata: [:]), seed: 7, domain: domain,
                threads: 1
            ).draw(32) { crystals += $0.map(\.crystal) }
            drawn.append(crystals)
        }
        #expect(Set(run).isDisjoint(with: drawn[0]) && Set(run).isDisjoint(with: drawn[1]))
        #expect(Set(drawn[0]).isDisjoint(with: drawn[1]))
    }
}
