import Base
import Foundation
package import SwiftProtobuf
import Trajectories

extension PeerMessage {
    /// Reads a message of a peer, and the session it claims.
    ///
    /// - Throws: ``WireError``; nothing that a frame can hold traps.
    package static func decode(_ frame: [UInt8]) throws(WireError) -> (session: UInt64, message: PeerMessage) {
        let envelope = try Druse_Envelope(frame: frame)
        guard envelope.protocol == WireLimits.protocolVersion else { throw .protocolVersion(envelope.protocol) }
        return (envelope.session, try message(envelope.body))
    }

    private static func message(_ body: Druse_Envelope.OneOf_Body?) throws(WireError) -> PeerMessage {
        switch body {
        case .hello(let wire): .hello(try Hello(wire: wire))
        case .heartbeat(let wire): .heartbeat(try Readiness(wire: wire))
        case .goodbye(let wire): .goodbye(try WireError.text(wire.reason, "reason"))
        case .roleReport(let wire): .report(try RoleReport(wire: wire))
        case .manifestRequest(let wire): .manifestRequest(try WireError.digest(wire.digest, "digest"))
        case .chunkRequest(let wire):
            .chunkRequest(try WireError.digest(wire.digest, "digest"), index: Int(wire.index))
        case .unitResult(let wire): .unitResult(try UnitResult(wire: wire))
        case .unitReturn(let wire):
            .unitReturn(
                UnitReturn(
                    version: try PolicyVersion(wire: wire.version),
                    unit: Int(wire.unit), failed: wire.failed, reason: try WireError.text(wire.reason, "reason")))
        case .taskResult(let wire): .taskResult(try TaskResult(wire: wire))
        case .taskReturn(let wire):
            .taskReturn(
                TaskReturn(epoch: wire.epoch, task: wire.task, reason: try WireError.text(wire.reason, "reason")))
        case .workRecipes(let wire): .workRecipes(try WorkRecipes(wire: wire))
        case .workItems(let wire): .work(try NumberedItem.list(wire: wire))
        default: throw .malformed("not a message that a peer sends")
        }
    }

    /// The frame that carries the message, written into memory of any kind.
    ///
    /// - Throws: ``OversizedMessage``.
    package func encode<Bytes: SwiftProtobufContiguousBytes>(
        session: UInt64, as type: Bytes.Type = [UInt8].self
    ) throws -> Bytes {
        var envelope = Druse_Envelope()
        envelope.protocol = WireLimits.protocolVersion
        envelope.session = session
        envelope.body = body
        return try envelope.frame(as: type)
    }

    private var body: Druse_Envelope.OneOf_Body {
        switch self {
        case .hello(let hello): return .hello(hello.wire)
        case .heartbeat(let readiness): return .heartbeat(readiness.wire)
        case .goodbye(let reason):
            var wire = Druse_Goodbye()
            wire.reason = WireLimits.shortened(reason)
            return .goodbye(wire)
        case .report(let report): return .roleReport(report.wire)
        case .manifestRequest(let digest):
            var wire = Druse_ManifestRequest()
            wire.digest = Data(digest.bytes)
            return .manifestRequest(wire)
        case .chunkRequest(let digest, let index):
            var wire = Druse_ChunkRequest()
            wire.digest = Data(digest.bytes)
            wire.index = UInt32(index)
            return .chunkRequest(wire)
        case .unitResult(let result): return .unitResult(result.wire)
        case .unitReturn(let unit):
            var wire = Druse_UnitReturn()
            wire.version = unit.version.wire
            wire.unit = UInt32(unit.unit)
            wire.failed = unit.failed
            wire.reason = WireLimits.shortened(unit.reason)
            return .unitReturn(wire)
        case .taskResult(let result): return .taskResult(result.wire)
        case .taskReturn(let task):
            var wire = Druse_TaskReturn()
            wire.epoch = task.epoch
            wire.task = task.task
            wire.reason = WireLimits.shortened(task.reason)
            return .taskReturn(wire)
        case .workRecipes(let recipes): return .workRecipes(recipes.wire)
        case .work(let items): return .workItems(NumberedItem.wire(items))
        }
    }
}

extension Hello {
    init(wire: Druse_Hello) throws(WireError) {
        let role: PeerRole
        switch wire.role {
        case .actor: role = .actor
        case .rewardWorker: role = .rewardWorker
        case .evaluation: role = .evaluation
        case .relay: role = .relay
        default: throw .malformed("a hello without role")
        }
        var peer = PeerDescription(
            role: role, host: try WireError.text(wire.host, atMost: 255, "host"), process: Int(wire.process),
            build: try WireError.text(wire.build, atMost: 255, "build"), threads: Int(wire.threads),
            title: try WireError.text(wire.name, atMost: 255, "name"))
        peer.metrics = try WireError.text(wire.metrics, atMost: 255, "metrics")
        guard peer.metrics.utf8.allSatisfy(Self.isOfAnAddress) else {
            throw .malformed("a hello with metrics at what is no address")
        }
        peer.kernels = try WireError.text(wire.kernels, atMost: 255, "kernels")
        self.init(peer: peer, instance: wire.instance)
    }

    /// Letters, digits and what else stands in HOST:PORT.
    private static func isOfAnAddress(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: Array(".:-_[]".utf8).contains(byte)
        }
    }

    var wire: Druse_Hello {
        var wire = Druse_Hello()
        wire.role =
            switch peer.role {
            case .actor: .actor
            case .rewardWorker: .rewardWorker
            case .evaluation: .evaluation
            case .relay: .relay
            }
        wire.build = String(peer.build.prefix(60))
        wire.host = String(peer.host.prefix(60))
        wire.process = UInt32(clamping: peer.process)
        wire.threads = UInt32(clamping: peer.threads)
        wire.name = String(peer.title.prefix(60))
        wire.metrics = String(peer.metrics.prefix(255))
        wire.kernels = String(peer.kernels.prefix(60))
        wire.instance = instance
        return wire
    }
}

extension Readiness {
    init(wire: Druse_Heartbeat) throws(WireError) {
        self.init(
            window: try WireError.number(UInt64(wire.window), atMost: WireLimits.window, "window"),
            policy: try WireError.optionalDigest(wire.policy, "policy"),
            reference: try WireError.optionalDigest(wire.reference, "reference"))
        let most = WireLimits.recipes + WireLimits.otherRecipes
        guard wire.recipes.count <= most else {
            throw .malformed("\(wire.recipes.count) recipes, more than \(most)")
        }
        for recipe in wire.recipes { recipes.append(try WireError.digest(recipe, "recipe")) }
        guard wire.engine.isEmpty == wire.energyConvention.isEmpty else {
            throw .malformed("an engine without energy convention, or the other way round")
        }
        guard !wire.engine.isEmpty else { return }
        engine = BroughtEngine(
            name: try WireError.line(wire.engine, "engine"),
            convention: try WireError.line(wire.energyConvention, "energy convention"))
    }

    var wire: Druse_Heartbeat {
        var wire = Druse_Heartbeat()
        wire.window = UInt32(min(window, WireLimits.window))
        wire.policy = Data(policy?.bytes ?? [])
        wire.reference = Data(reference?.bytes ?? [])
        wire.recipes = recipes.map { Data($0.bytes) }
        wire.engine = engine?.name ?? ""
        wire.energyConvention = engine?.convention ?? ""
        return wire
    }
}

extension RoleReport {
    init(wire: Druse_RoleReport) throws(WireError) {
        self.init(
            intervalSeconds: WireError.seconds(wire.intervalSeconds), crystals: Int(clamping: wire.crystals),
            busySeconds: WireError.seconds(wire.busySeconds), residentBytes: Int(clamping: wire.residentBytes),
            version: PolicyVersion(Int(clamping: wire.version)), inFlight: Int(wire.inFlight),
            logins: Int(clamping: wire.logins),
            resent: Int(clamping: wire.resent))
        engine = try WireError.text(wire.engine, "engine")
    }

    var wire: Druse_RoleReport {
        var wire = Druse_RoleReport()
        wire.intervalSeconds = intervalSeconds
        wire.crystals = UInt64(clamping: crystals)
        wire.busySeconds = busySeconds
        wire.residentBytes = UInt64(clamping: residentBytes)
        wire.version = UInt64(clamping: version.number)
        wire.inFlight = UInt32(clamping: inFlight)
        wire.logins = UInt64(clamping: logins)
        wire.resent = UInt64(clamping: resent)
        wire.engine = engine
        return wire
    }
}

extension UnitResult {
    init(wire: Druse_UnitResult) throws(WireError) {
        self.init(
            run: try WireError.text(wire.run, "run"),
            version: try PolicyVersion(wire: wire.version), unit: Int(wire.unit),
            policy: try WireError.digest(wire.policy, "policy"), crystals: try SampledCrystal.list(wire: wire.crystals),
            seconds: WireError.seconds(wire.seconds))
    }

    var wire: Druse_UnitResult {
        var wire = Druse_UnitResult()
        wire.run = run
        wire.version = version.wire
        wire.unit = UInt32(unit)
        wire.policy = Data(policy.bytes)
        wire.crystals = crystals.map(\.wire)
        wire.seconds = seconds
        return wire
    }
}

extension TaskResult {
    init(wire: Druse_TaskResult) throws(WireError) {
        guard wire.results.count <= WireLimits.crystals else { throw .malformed("too many results") }
        var results: [MeasuringResult] = []
        results.reserveCapacity(wire.results.count)
        for result in wire.results { results.append(try MeasuringResult(wire: result)) }
        self.init(epoch: wire.epoch, task: wire.task, results: results)
    }

    var wire: Druse_TaskResult {
        var wire = Druse_TaskResult()
        wire.epoch = epoch
        wire.task = task
        wire.results = results.map(\.wire)
        return wire
    }
}
