import Base
import Foundation
package import SwiftProtobuf
import Trajectories

extension HubMessage {
    /// Reads a message of the hub.
    ///
    /// - Throws: ``WireError``; nothing that a frame can hold traps.
    package static func decode(_ frame: [UInt8]) throws(WireError) -> HubMessage {
        let envelope = try Druse_Envelope(frame: frame)
        // A refusal is understood in any version: it says why the other side does not go on.
        if case .refusal(let wire) = envelope.body { return .refusal(try Refusal(wire: wire)) }
        guard envelope.protocol == WireLimits.protocolVersion else { throw .protocolVersion(envelope.protocol) }
        return try message(envelope.body)
    }

    private static func message(_ body: Druse_Envelope.OneOf_Body?) throws(WireError) -> HubMessage {
        switch body {
        case .welcome(let wire): return .welcome(try Welcome(wire: wire))
        case .heartbeatReply(let wire):
            return .heartbeatReply(wire.hasWeights ? try Announcement(wire: wire.weights) : nil)
        case .shutdown(let wire): return .shutdown(try WireError.text(wire.reason, "reason"))
        case .manifest(let wire): return .manifest(try BlobManifest(wire: wire))
        case .chunk(let wire):
            return .chunk(
                BlobChunk(
                    blob: try WireError.digest(wire.digest, "digest"), index: Int(wire.index), bytes: wire.data))
        case .blobUnavailable(let wire):
            return .blobUnavailable(
                try WireError.digest(wire.digest, "digest"),
                newest: wire.hasWeights ? try Announcement(wire: wire.weights) : nil)
        case .unitGrant(let wire): return .unitGrant(try UnitGrant(wire: wire))
        case .unitAcknowledgement(let wire):
            return .unitAcknowledgement(
                version: try PolicyVersion(wire: wire.version), unit: Int(wire.unit)
            )
        case .task(let wire):
            return .task(
                RewardTask(
                    epoch: wire.epoch, id: wire.task, recipe: try WireError.digest(wire.recipe, "recipe"),
                    items: try WorkItem.list(wire: wire.items)))
        case .taskAcknowledgement(let wire): return .taskAcknowledgement(wire.task)
        case .announcement(let wire): return .announcement(try Announcement(wire: wire))
        case .furtherRecipes(let wire): return .furtherRecipes(try WorkRecipes(wire: wire).recipes)
        case .workResults(let wire): return .workResults(try NumberedResult.list(wire: wire))
        default: throw .malformed("not a message that the hub sends")
        }
    }

    /// The frame that carries the message, written into memory of any kind.
    ///
    /// - Throws: ``OversizedMessage``.
    package func encode<Bytes: SwiftProtobufContiguousBytes>(as type: Bytes.Type = [UInt8].self) throws -> Bytes {
        var envelope = Druse_Envelope()
        envelope.protocol = WireLimits.protocolVersion
        envelope.body = body
        return try envelope.frame(as: type)
    }

    private var body: Druse_Envelope.OneOf_Body {
        switch self {
        case .welcome(let welcome): return .welcome(welcome.wire)
        case .refusal(let refusal): return .refusal(refusal.wire)
        case .heartbeatReply(let weights):
            var wire = Druse_HeartbeatReply()
            if let weights { wire.weights = weights.wire }
            return .heartbeatReply(wire)
        case .shutdown(let reason):
            var wire = Druse_Shutdown()
            wire.reason = WireLimits.shortened(reason)
            return .shutdown(wire)
        case .manifest(let manifest): return .manifest(manifest.wire)
        case .chunk(let chunk):
            var wire = Druse_Chunk()
            wire.digest = Data(chunk.blob.bytes)
            wire.index = UInt32(chunk.index)
            wire.data = chunk.bytes
            return .chunk(wire)
        case .blobUnavailable(let digest, let newest):
            var wire = Druse_BlobUnavailable()
            wire.digest = Data(digest.bytes)
            if let newest { wire.weights = newest.wire }
            return .blobUnavailable(wire)
        case .unitGrant(let grant): return .unitGrant(grant.wire)
        case .unitAcknowledgement(let version, let unit):
            var wire = Druse_UnitAcknowledgement()
            wire.version = version.wire
            wire.unit = UInt32(unit)
            return .unitAcknowledgement(wire)
        case .task(let task):
            var wire = Druse_Task()
            wire.epoch = task.epoch
            wire.task = task.id
            wire.recipe = Data(task.recipe.bytes)
            wire.items = task.items.map(\.wire)
            return .task(wire)
        case .taskAcknowledgement(let task):
            var wire = Druse_TaskAcknowledgement()
            wire.task = task
            return .taskAcknowledgement(wire)
        case .announcement(let announcement): return .announcement(announcement.wire)
        case .furtherRecipes(let recipes): return .furtherRecipes(WorkRecipes(recipes: recipes).wire)
        case .workResults(let results): return .workResults(NumberedResult.wire(results))
        }
    }
}

extension Announcement {
    init(wire: Druse_Announcement) throws(WireError) {
        self.init(
            epoch: wire.epoch, run: try WireError.text(wire.run, "run"),
            version: try PolicyVersion(wire: wire.version),
            policy: try WireError.digest(wire.policy, "policy"),
            reference: try WireError.digest(wire.reference, "reference"))
    }

    var wire: Druse_Announcement {
        var wire = Druse_Announcement()
        wire.epoch = epoch
        wire.run = run
        wire.version = version.wire
        wire.policy = Data(policy.bytes)
        wire.reference = Data(reference.bytes)
        return wire
    }
}

extension Welcome {
    init(wire: Druse_Welcome) throws(WireError) {
        self.init(
            session: wire.session, epoch: wire.epoch, run: try WireError.text(wire.run, "run"),
            heartbeat: max(.milliseconds(10), try WireError.milliseconds(wire.heartbeatMilliseconds, "heartbeat")),
            liveness: max(.milliseconds(30), try WireError.milliseconds(wire.livenessMilliseconds, "liveness")),
            settings: try WireError.text(wire.settings, atMost: WireLimits.settingsBytes, "settings"),
            weights: wire.hasWeights ? try Announcement(wire: wire.weights) : nil)
    }

    var wire: Druse_Welcome {
        var wire = Druse_Welcome()
        wire.session = session
        wire.epoch = epoch
        wire.run = run
        wire.heartbeatMilliseconds = UInt32(clamping: heartbeat.milliseconds)
        wire.livenessMilliseconds = UInt32(clamping: liveness.milliseconds)
        wire.settings = settings
        if let weights { wire.weights = weights.wire }
        return wire
    }
}

extension Refusal {
    init(wire: Druse_Refusal) throws(WireError) {
        let code: Code
        switch wire.code {
        case .protocol: code = .protocolVersion
        case .unknownSession: code = .unknownSession
        case .hello: code = .hello
        case .full: code = .full
        case .distrusted: code = .distrusted
        default: throw .malformed("a refusal without code")
        }
        self.init(code: code, reason: try WireError.text(wire.reason, "reason"))
    }

    var wire: Druse_Refusal {
        var wire = Druse_Refusal()
        wire.code =
            switch code {
            case .protocolVersion: .protocol
            case .unknownSession: .unknownSession
            case .hello: .hello
            case .full: .full
            case .distrusted: .distrusted
            }
        wire.reason = WireLimits.shortened(reason)
        return wire
    }
}

extension BlobManifest {
    init(wire: Druse_Manifest) throws(WireError) {
        let size = try WireError.number(wire.size, atMost: Blob.capacity, "size")
        let chunkBytes = Int(wire.chunkSize)
        guard (1...1 << 20).contains(chunkBytes), wire.runningDigests.count <= WireLimits.chunks,
            wire.runningDigests.count == (size + chunkBytes - 1) / chunkBytes
        else { throw .malformed("the table of a manifest does not fit its size") }
        var digests: [Digest] = []
        for digest in wire.runningDigests { digests.append(try WireError.digest(digest, "running digest")) }
        self.init(
            digest: try WireError.digest(wire.digest, "digest"), byteCount: size, chunkBytes: chunkBytes,
            runningDigests: digests)
    }

    var wire: Druse_Manifest {
        var wire = Druse_Manifest()
        wire.digest = Data(digest.bytes)
        wire.size = UInt64(byteCount)
        wire.chunkSize = UInt32(chunkBytes)
        wire.runningDigests = runningDigests.map { Data($0.bytes) }
        return wire
    }
}

extension UnitGrant {
    init(wire: Druse_UnitGrant) throws(WireError) {
        guard (1...UInt32(WireLimits.crystals)).contains(wire.crystalCount) else {
            throw .malformed("a unit without crystals, or with too many")
        }
        self.init(
            unit: WorkUnit(
                runSeed: wire.runSeed,
                version: try PolicyVersion(wire: wire.version),
                unit: Int(wire.unit), crystalCount: Int(wire.crystalCount)),
            policy: try WireError.digest(wire.policy, "policy"))
    }

    var wire: Druse_UnitGrant {
        var wire = Druse_UnitGrant()
        wire.runSeed = unit.runSeed
        wire.version = unit.version.wire
        wire.unit = UInt32(unit.unit)
        wire.crystalCount = UInt32(unit.crystalCount)
        wire.policy = Data(policy.bytes)
        return wire
    }
}
