import Base
import Coordination
import Crystals
import FleetFixtures
import Foundation
import Protocol
import Testing
import Trajectories

@Suite struct WireTests {
    @Test func peerMessages_encoded_readBackExactly() throws {
        for message in try SampleMessages.peer() {
            let (session, read) = try PeerMessage.decode(message.encode(session: 42))
            #expect(session == 42)
            #expect(read == message)
        }
    }

    @Test func hubMessages_encoded_readBackExactly() throws {
        for message in try SampleMessages.hub() { #expect(try HubMessage.decode(message.encode()) == message) }
    }

    @Test func crystal_oddNumbers_surviveBitForBit() throws {
        var crystal = try SampleMessages.crystals(1)[0]
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

    @Test func measurement_relaxed_keepsItsGeometryBitForBit() throws {
        let geometry = RelaxedGeometry(
            positions: [SIMD3(0.1 + 0.2, -0.0, 1), SIMD3(1.0 / 3, 2.0 / 3, 0.25)],
            lattice: LatticeParameters(a: 4.2, b: 4.2, c: 6.5, alpha: 90, beta: 90, gamma: 120))
        let measurement = Measurement([.energyPerAtom: -3, .energyAboveHull: 0.1], relaxed: geometry)
        let message = PeerMessage.taskResult(
            TaskResult(epoch: 1, task: 1, results: [MeasuringResult(outcome: .measured(measurement), seconds: 1)]))
        #expect(try PeerMessage.decode(message.encode(session: 1)).message == message)
    }

    @Test func relaxedForm_ofAnotherCrystalOrOfNone_isNotTaken() {
        func problem(_ positions: [SIMD3<Double>], a: Double = 4) -> String? {
            let lattice = LatticeParameters(a: a, b: 4, c: 4, alpha: 90, beta: 90, gamma: 90)
            let measurement = Measurement(
                [.energyPerAtom: -3, .energyAboveHull: 0.1],
                relaxed: RelaxedGeometry(positions: positions, lattice: lattice))
            return Admission().problem(of: .measured(measurement), siteCount: 2)
        }
        #expect(problem([.zero, SIMD3(0.5, 0.5, 0.5)]) == nil)
        #expect(problem([.zero]) != nil)
        #expect(problem([.zero, SIMD3(.nan, 0, 0)]) != nil)
        #expect(problem([.zero, SIMD3(1e9, 0, 0)]) != nil)
        #expect(problem([.zero, .zero], a: .infinity) != nil)
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

    /// One bit that is another, wherever it is, and the message is not taken for what it says now.
    @Test func decode_damagedFrames_areNotRead() throws {
        let message = try #require(try SampleMessages.peer().last)
        let frame = try message.encode(session: 1)
        for place in 0..<frame.count * 8 {
            var damaged = frame
            damaged[place / 8] ^= 1 << UInt8(place % 8)
            #expect(throws: WireError.self, "bit \(place)") { try PeerMessage.decode(damaged) }
        }
        #expect(throws: WireError.damaged) { try PeerMessage.decode(Array(frame.dropLast(6))) }
    }

    @Test func decode_truncatedFrames_neverTrap() throws {
        for frame in try SampleMessages.peer().map({ try $0.encode(session: 1) })
            + SampleMessages.hub().map({ try $0.encode() })
        {
            for count in stride(from: 0, to: frame.count, by: max(1, frame.count / 200)) {
                _ = try? PeerMessage.decode(Array(frame.prefix(count)))
                _ = try? HubMessage.decode(Array(frame.prefix(count)))
            }
        }
    }

    @Test(arguments: 0..<10)
    func decode_mutatedFrames_neverTrapAndHubSurvives(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let frames =
            try SampleMessages.peer().map { try $0.encode(session: 1) } + SampleMessages.hub().map { try $0.encode() }
        var hub = HubCore(configuration: try Toys.configuration(), generator: generator)
        hub.begin(version: 0, policy: Blob([1]), reference: Blob([2]), now: Toys.begin)
        for _ in 0..<1500 {
            var frame = frames.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &generator) where !frame.isEmpty {
                frame[Int.random(in: 0..<frame.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            // Half of them as a forger makes them, half damaged on the way.
            if Bool.random(using: &generator) { frame = frame.resealed }
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
