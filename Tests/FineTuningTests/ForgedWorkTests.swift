import Archive
import Coordination
import Engines
import FineTuning
import Fleet
import FleetFixtures
import Foundation
import Kernels
import Policy
import PolicyOptimization
import Protocol
import Rewards
import Testing
import Trajectories

/// Forged frames through the hub and, where they pass it, through the trainer that a learner runs: the run goes on, and
/// weights, baseline and checkpoints stay finite.
@Suite struct ForgedWorkTests {
    private static let unit = WorkUnit(runSeed: 7, version: 0, unit: 0, crystalCount: 8)
    private static let extremes: [Double] = [
        .nan, .infinity, -.infinity, 1e300, -1e300, 1e6, -1e6, 999_999, -999_999, 1e5, -1e5, 1e3, -1e3, 0, -0.0,
        .leastNonzeroMagnitude, 1e-30, 720, -90,
    ]

    /// A policy, and crystals that it sampled.
    private struct Setting {
        let weights: PolicyWeights
        let blob: Blob
        let crystals: [SampledCrystal]
        let admission: Admission
        let reward = RewardConfiguration()

        init() throws {
            var configuration = PolicyConfiguration()
            configuration.maximumSites = 4
            configuration.layers = 1
            configuration.heads = 2
            configuration.keySize = 8
            configuration.modelSize = 16
            configuration.embeddingSize = 8
            configuration.firstHiddenSize = 16
            weights = PolicyWeights(random: 1, configuration: configuration)
            blob = Blob(try weights.encoded())
            let settings = try PeerSettings.text(SamplingSettings(spaceGroups: [1, 62, 225]))
            let sampler = try PolicyUnitSampler(settings: settings)
            try sampler.load(policy: blob, reference: blob, version: 0)
            crystals = try sampler.sample(ForgedWorkTests.unit)
            admission = Admission(policy: configuration)
        }

        private func trainer(_ store: CheckpointStore, resume: Bool = false) throws -> PolicyTrainer {
            var configuration = RunConfiguration()
            configuration.objective.epochs = 2
            configuration.batchSize = ForgedWorkTests.unit.crystalCount
            configuration.threads = 1
            return try PolicyTrainer(
                configuration: configuration, initial: weights, reference: Data(blob.bytes), store: store,
                resume: resume, problem: { Issue.record("\($0)") })
        }

        /// A version of a learner: a step on a batch, its checkpoint, and a new life from that. Nothing must throw, and
        /// all numbers stay finite.
        ///
        /// - Returns: the processes that the trainer distrusts.
        @discardableResult
        func train(_ batch: ScoredBatch) throws -> [String] {
            let folder = FileManager.default.temporaryDirectory.appending(path: "forged-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let store = try CheckpointStore(directory: folder, referenceDigest: "")
            let trainer = try trainer(store)
            let trained = try trainer.train(batch)
            #expect(trained.version == batch.step.madeVersion)
            for value in trained.statistics.values { #expect(value.isFinite) }
            let parameters = try PolicyWeights(encoded: Data(trained.policy.bytes)).parameters.array
            #expect(parameters.allSatisfy { $0.isFinite })
            try trainer.checkpoint()
            let state = try #require(try TrainingCheckpoint.newest(in: store) { Issue.record("\($0)") })
            #expect(state.optimiser.firstMoment.array.allSatisfy { $0.isFinite })
            #expect(state.baseline.value?.isFinite ?? true)
            #expect(try self.trainer(store, resume: true).start().policy.bytes == trained.policy.bytes)
            return trained.distrusted
        }
    }

    private struct Login {
        var session: UInt64
        var routing: RoutingID
    }

    /// The hub of one batch: a forger comes first, an honest peer of the role after it.
    private struct Desk {
        let setting: Setting
        var hub: HubCore
        var batch: ScoredBatch?
        var tasks: [RewardTask] = []
        private var welcomed: UInt64?
        private var connections: UInt8 = 0

        init(_ setting: Setting) throws {
            self.setting = setting
            var configuration = try Toys.configuration(crystalsPerBatch: 8)
            configuration.admission = setting.admission
            hub = HubCore(configuration: configuration, generator: SeededGenerator(seed: 1))
            hub.begin(version: 0, policy: setting.blob, reference: setting.blob, now: Toys.begin)
        }

        mutating func receive(_ frame: [UInt8], from peer: Login) {
            hub.receive(frame, from: peer.routing, now: Toys.begin)
            for effect in hub.takeEffects() {
                switch effect {
                case .send(.welcome(let welcome), _): welcomed = welcome.session
                case .send(.task(let task), _): tasks.append(task)
                case .batch(let batch): self.batch = batch
                case .abort(let error): Issue.record("aborted: \(error)")
                default: break
                }
            }
            hub.checkInvariants()
        }

        mutating func send(_ message: PeerMessage, _ peer: Login) throws {
            receive(try message.encode(session: peer.session), from: peer)
        }

        mutating func logIn(_ role: PeerRole) throws -> Login {
            connections += 1
            var peer = Login(session: 0, routing: RoutingID(bytes: [connections]))
            welcomed = nil
            try send(
                .hello(Hello(peer: Toys.peer(role, process: Int(connections)), instance: UInt64(connections))), peer)
            peer.session = try #require(welcomed)
            let digest = role == .actor ? setting.blob.digest : nil
            try send(.heartbeat(Readiness(window: 8, policy: digest, reference: digest)), peer)
            return peer
        }

        var unitResult: PeerMessage {
            .unitResult(
                UnitResult(
                    run: "test", version: 0, unit: 0, policy: setting.blob.digest, crystals: setting.crystals,
                    seconds: 1))
        }

        func taskResult(_ task: RewardTask) -> PeerMessage {
            .taskResult(
                TaskResult(
                    epoch: task.epoch, task: task.id,
                    results: task.items.map {
                        let measurement = Measurement(energyPerAtom: -3, energyAboveHull: Double($0.index) * 0.05)
                        return MeasuringResult(outcome: .measured(measurement), seconds: 1)
                    }))
        }

        /// The batch after an actor and a worker sent forged frames and left, and honest ones did what was left to do.
        mutating func run(
            unit forgeUnit: ([UInt8]) throws -> [UInt8], task forgeTask: ([UInt8]) throws -> [UInt8]
        ) throws {
            let forger = try logIn(.actor)
            receive(try forgeUnit(unitResult.encode(session: forger.session)), from: forger)
            try send(.goodbye(""), forger)
            if hub.counters.crystalsSampled == 0 { try send(unitResult, try logIn(.actor)) }
            let faker = try logIn(.rewardWorker)
            for _ in 0..<3 {
                let leased = tasks
                tasks.removeAll()
                for task in leased {
                    receive(try forgeTask(taskResult(task).encode(session: faker.session)), from: faker)
                }
            }
            tasks.removeAll()
            try send(.goodbye(""), faker)
            guard batch == nil else { return }
            let worker = try logIn(.rewardWorker)
            while batch == nil, !tasks.isEmpty { try send(taskResult(tasks.removeFirst()), worker) }
        }
    }

    /// Changes an envelope and packs it again.
    private static func forged(_ frame: [UInt8], _ change: (inout Druse_Envelope) -> Void) throws -> [UInt8] {
        var envelope = try Druse_Envelope(frame: frame)
        change(&envelope)
        return try envelope.frame()
    }

    @Test(arguments: 0..<4)
    func mutatedFrames_throughHubAndTrainer_leaveFiniteWeights(seed: UInt64) throws {
        let setting = try Setting()
        var generator = SeededGenerator(seed: seed)
        var (passed, claims) = (0, 0)
        func mutate(_ frame: [UInt8]) throws -> [UInt8] {
            if Bool.random(using: &generator) {
                var frame = frame
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    let place = Int.random(in: 0..<frame.count, using: &generator)
                    frame[place] = UInt8.random(in: 0...255, using: &generator)
                }
                return frame
            }
            func extreme() -> Double { Self.extremes.randomElement(using: &generator) ?? 0 }
            return try Self.forged(frame) { envelope in
                for index in envelope.unitResult.crystals.indices where index % 3 == 0 {
                    switch Int.random(in: 0..<5, using: &generator) {
                    case 0: envelope.unitResult.crystals[index].lattice[2] = extreme()
                    case 1: envelope.unitResult.crystals[index].positions[0] = extreme()
                    case 2: envelope.unitResult.crystals[index].logProbability.wyckoff = extreme()
                    case 3: envelope.unitResult.crystals[index].referenceLogProbability.lattice = extreme()
                    default: envelope.unitResult.crystals[index].logProbability.coordinates = extreme()
                    }
                }
                for index in envelope.taskResult.results.indices {
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: envelope.taskResult.results[index].measured.quantities[0].name = "other"
                    case 1: envelope.taskResult.results[index].measured.quantities[0].value = extreme()
                    default: envelope.taskResult.results[index].measured.quantities[1].value = extreme()
                    }
                }
            }
        }
        for _ in 0..<40 {
            var desk = try Desk(setting)
            try desk.run(unit: mutate, task: mutate)
            let batch = try #require(desk.batch)
            if batch.crystals.map(\.sampled) != setting.crystals { passed += 1 }
            for crystal in batch.crystals { #expect(setting.admission.problem(of: crystal.sampled) == nil) }
            let distrusted = try setting.train(batch)
            if batch.crystals.contains(where: { Self.isFarOff($0.sampled, of: setting) }) {
                claims += 1
                #expect(distrusted == ["test:1"])
            }
        }
        // Else nothing forged reached the trainer, and the test shows nothing.
        #expect(passed > 0)
        #expect(claims > 0)
    }

    /// Whether a crystal that the policy drew came with another log-probability than the policy's, by far.
    private static func isFarOff(_ sampled: SampledCrystal, of setting: Setting) -> Bool {
        setting.crystals.contains { own in
            own.id == sampled.id && own.crystal == sampled.crystal
                && zip(own.logProbability.components, sampled.logProbability.components).contains {
                    abs($0 - $1) > 1 + abs($0)
                }
        }
    }

    @Test func craftedUnits_areNotTakenAndAnHonestActorDoesThemInstead() throws {
        let setting = try Setting()
        let crafted: [(name: String, change: (inout Druse_UnitResult) -> Void)] = [
            ("space group 0", { $0.crystals[0].spaceGroup = 0 }),
            ("space group 231", { $0.crystals[0].spaceGroup = 231 }),
            ("too many sites", { $0.crystals[1].repeatSites(5) }), ("256 sites", { $0.crystals[1].repeatSites(256) }),
            ("no sites", { $0.crystals[1].repeatSites(0) }),
            ("letter of no group", { $0.crystals[2].wyckoff[0] = 28 }),
            (
                "letter the group lacks",
                {
                    $0.crystals[2].spaceGroup = 1
                    $0.crystals[2].wyckoff[0] = 2
                }
            ),
            ("a site without a letter", { $0.crystals[2].wyckoff[0] = 0 }),
            (
                "sites after the end",
                {
                    $0.crystals[3].repeatSites(4)
                    $0.crystals[3].terminated = true
                }
            ),
            ("element 0", { $0.crystals[0].elements[0] = 0 }), ("element 119", { $0.crystals[0].elements[0] = 119 }),
            ("log p of -1e300", { $0.crystals[4].logProbability.element = -1e300 }),
            ("reference log p of NaN", { $0.crystals[4].referenceLogProbability.element = .nan }),
            ("NaN lattice", { $0.crystals[5].lattice[1] = .nan }),
            ("NaN coordinate", { $0.crystals[5].positions[2] = .nan }),
            ("a crystal twice", { $0.crystals[7] = $0.crystals[6] }),
            ("a crystal missing", { $0.crystals.removeLast() }),
            ("another unit's crystals", { for index in $0.crystals.indices { $0.crystals[index].id.unit = 1 } }),
            ("another version's crystals", { $0.crystals[3].id.version = 1 }), ("unit off", { $0.unit = 9 }),
            ("unit far off", { $0.unit = .max }), ("version off", { $0.version = 1 }),
            ("another run", { $0.run = "x" }),
        ]
        for (name, change) in crafted {
            var desk = try Desk(setting)
            try desk.run {
                try Self.forged($0) { change(&$0.unitResult) }
            } task: {
                $0
            }
            let batch = try #require(desk.batch, "\(name)")
            #expect(batch.crystals.map(\.sampled) == setting.crystals, "\(name)")
            #expect(batch.crystals.allSatisfy { $0.sampledBy == "test:2" }, "\(name)")
        }
    }
}

extension Druse_SampledCrystal {
    fileprivate mutating func repeatSites(_ count: Int) {
        guard let letter = wyckoff.first, let element = elements.first else { return }
        wyckoff = Array(repeating: letter, count: count)
        elements = Array(repeating: element, count: count)
        positions = (0..<3 * count).map { positions[$0 % 3] }
    }
}
