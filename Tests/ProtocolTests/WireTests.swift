import Base
import Coordination
import Crystals
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

@Suite struct WireTests {
    private func crystals(_ count: Int = 4) throws -> [SampledCrystal] {
        try Toys.crystals(of: WorkUnit(runSeed: 3, version: 2, unit: 1, crystalCount: count))
    }

    private func peerMessages() throws -> [PeerMessage] {
        let digest = Digest(of: [1])
        let outcomes: [Outcome] = [
            .measured(Measurement(energyPerAtom: -3.25, energyAboveHull: 0.1)), .invalid(.atomsTooClose),
            .failed(.missingReference(try #require(Element(symbol: "Pu")))), .failed(.engine("out of memory")),
        ]
        return [
            .hello(Hello(peer: Toys.peer(.rewardWorker), instance: .max)), .goodbye("bye"),
            .heartbeat(Readiness(window: 2, policy: digest, reference: digest)), .heartbeat(Readiness(window: 0)),
            .report(
                RoleReport(
                    intervalSeconds: 5, crystals: 10, busySeconds: 4, residentBytes: 1 << 30, version: 3, inFlight: 2,
                    logins: 1, resent: 0)),
            .manifestRequest(digest), .chunkRequest(digest, index: 3),
            .unitResult(
                UnitResult(run: "r", version: 2, unit: 1, policy: digest, crystals: try crystals(), seconds: 1.5)),
            .unitReturn(UnitReturn(version: 2, unit: 1, failed: true, reason: "why")),
            .taskResult(
                TaskResult(
                    epoch: 1, task: 2,
                    results: outcomes.map { MeasuringResult(outcome: $0, seconds: 1) })),
            .taskReturn(TaskReturn(epoch: 1, task: 2, reason: "why")),
        ]
    }

    private func hubMessages() throws -> [HubMessage] {
        let announcement = Announcement(
            epoch: 5, run: "r", version: 2, policy: Digest(of: [1]), reference: Digest(of: [2]))
        let blob = WeightBlob([UInt8](repeating: 7, count: 1000), chunkBytes: 300)
        return [
            .welcome(
                Welcome(
                    session: 1, epoch: 5, run: "r", heartbeat: .seconds(1),
                    liveness: .seconds(10),
                    settings: "{}", weights: announcement)),
            .refusal(Refusal(code: .full, reason: "full")), .heartbeatReply(announcement), .heartbeatReply(nil),
            .shutdown("done"), .manifest(blob.manifest),
            .chunk(WeightChunk(blob: blob.digest, index: 1, bytes: [1, 2, 3])),
            .blobUnavailable(blob.digest, newest: announcement),
            .unitGrant(
                UnitGrant(
                    unit: WorkUnit(runSeed: .max, version: 2, unit: 1, crystalCount: 16),
                    policy: blob.digest)),
            .unitAcknowledgement(version: 2, unit: 1),
            .task(
                RewardTask(
                    epoch: 5, id: 6, recipe: Digest(of: [3]),
                    items: try crystals().map {
                        WorkItem(job: 2, index: $0.id.index, crystal: $0.crystal, terminated: $0.terminated)
                    })), .taskAcknowledgement(6),
            .announcement(announcement),
        ]
    }

    @Test func peerMessages_encoded_readBackExactly() throws {
        for message in try peerMessages() {
            let (session, read) = try PeerMessage.decode(message.encode(session: 42))
            #expect(session == 42)
            #expect(read == message)
        }
    }

    @Test func hubMessages_encoded_readBackExactly() throws {
        for message in try hubMessages() { #expect(try HubMessage.decode(message.encode()) == message) }
    }

    @Test func crystal_oddNumbers_surviveBitForBit() throws {
        var crystal = try crystals(1)[0]
        crystal.crystal.lattice.a = .nan
        crystal.crystal.lattice.b = -0.0
        crystal.crystal.lattice.c = 0.1 + 0.2
        crystal.crystal.lattice.alpha = .infinity
        crystal.logProbability.w = -.leastNonzeroMagnitude
        let message = PeerMessage.unitResult(
            UnitResult(run: "r", version: 2, unit: 1, policy: Digest(of: [1]), crystals: [crystal], seconds: 1))
        guard case .unitResult(let unit) = try PeerMessage.decode(message.encode(session: 1)).message else { return }
        let read = try #require(unit.crystals.first)
        #expect(read.crystal.lattice.a.isNaN)
        #expect(read.crystal.lattice.b.sign == .minus)
        #expect(read.crystal.lattice.c == 0.1 + 0.2)
        #expect(read.crystal.lattice.alpha == .infinity)
        #expect(read.logProbability.w == -.leastNonzeroMagnitude)
    }

    @Test func measurement_notFinite_isReadAsItIs() throws {
        let measurement = Measurement(energyPerAtom: .nan, energyAboveHull: 0)
        let message = PeerMessage.taskResult(
            TaskResult(
                epoch: 1, task: 1,
                results: [MeasuringResult(outcome: .measured(measurement), seconds: .infinity)]))
        guard case .taskResult(let result) = try PeerMessage.decode(message.encode(session: 1)).message,
            case .measured(let read) = result.results.first?.outcome
        else {
            Issue.record("another message")
            return
        }
        #expect(read[.energyPerAtom]?.isNaN == true)
        #expect(result.results.first?.seconds == 0)
        #expect(Admission().problem(of: .measured(read)) != nil)
    }

    @Test func decode_otherProtocol_isToldApart() throws {
        var envelope = Druse_Envelope()
        envelope.protocol = 99
        envelope.body = .hello(Druse_Hello())
        let frame = try envelope.frame()
        #expect(throws: WireError.protocolVersion(99)) { try PeerMessage.decode(frame) }
        #expect(throws: WireError.protocolVersion(99)) { try HubMessage.decode(frame) }
        // A refusal is understood whatever the version.
        var refusal = Druse_Refusal()
        refusal.code = .protocol
        refusal.reason = "too old"
        envelope.body = .refusal(refusal)
        #expect(
            try HubMessage.decode(envelope.frame()) == .refusal(Refusal(code: .protocolVersion, reason: "too old")))
    }

    @Test func decode_truncatedFrames_neverTrap() throws {
        for frame in try peerMessages().map({ try $0.encode(session: 1) }) + hubMessages().map({ try $0.encode() }) {
            for count in stride(from: 0, to: frame.count, by: max(1, frame.count / 200)) {
                _ = try? PeerMessage.decode(Array(frame.prefix(count)))
                _ = try? HubMessage.decode(Array(frame.prefix(count)))
            }
        }
    }

    @Test(arguments: 0..<10)
    func decode_mutatedFrames_neverTrapAndHubSurvives(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let frames = try peerMessages().map { try $0.encode(session: 1) } + hubMessages().map { try $0.encode() }
        var hub = HubCore(configuration: try Toys.configuration(), generator: generator)
        hub.begin(version: 0, policy: WeightBlob([1]), reference: WeightBlob([2]), now: Toys.begin)
        for _ in 0..<1500 {
            var frame = frames.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &generator) where !frame.isEmpty {
                frame[Int.random(in: 0..<frame.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            hub.receive(frame, from: RoutingID(bytes: [1]), now: Toys.begin)
            _ = hub.takeEffects()
            _ = try? HubMessage.decode(frame)
            let noise = (0..<Int.random(in: 0...64, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            hub.receive(noise, from: RoutingID(bytes: [1]), now: Toys.begin)
            _ = hub.takeEffects()
            _ = try? HubMessage.decode(noise)
        }
        #expect(hub.counters.rejectedMessages.values.reduce(0, +) > 1000)
    }

    @Test func decode_countsThatDoNotFit_areRefused() throws {
        func frame(_ body: Druse_Envelope.OneOf_Body) throws -> [UInt8] {
            var envelope = Druse_Envelope()
            envelope.protocol = WireLimits.protocolVersion
            envelope.body = body
            return try envelope.frame()
        }
        var manifest = Druse_Manifest()
        manifest.digest = .init(Digest(of: [1]).bytes)
        manifest.size = .max
        manifest.chunkSize = 1
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.manifest(manifest))) }
        manifest.size = 1000
        manifest.chunkSize = 0
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.manifest(manifest))) }
        var grant = Druse_UnitGrant()
        grant.policy = manifest.digest
        grant.crystalCount = .max
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.unitGrant(grant))) }
        var crystal = Druse_Item()
        crystal.spaceGroup = 225
        crystal.lattice = [1, 1, 1, 90, 90, 90]
        crystal.wyckoff = [1]
        crystal.elements = [6]
        crystal.positions = [0, 0]
        var task = Druse_Task()
        task.recipe = manifest.digest
        task.items = [crystal]
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.task(task))) }
        crystal.positions = [0, 0, 0]
        crystal.elements = [119]
        task.items = [crystal]
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.task(task))) }
        crystal.elements = [6]
        crystal.spaceGroup = 231
        task.items = [crystal]
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.task(task))) }
        task.items = Array(repeating: Druse_Item(), count: WireLimits.crystals + 1)
        #expect(throws: WireError.self) { try HubMessage.decode(frame(.task(task))) }
        var heartbeat = Druse_Heartbeat()
        heartbeat.window = .max
        #expect(throws: WireError.self) { try PeerMessage.decode(frame(.heartbeat(heartbeat))) }
        heartbeat.window = 1
        heartbeat.policy = .init([1, 2])
        #expect(throws: WireError.self) { try PeerMessage.decode(frame(.heartbeat(heartbeat))) }
    }
}
