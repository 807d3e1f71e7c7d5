package import Base
package import Foundation
package import Trajectories

/// What the hub says to its peers.
package enum HubMessage: Sendable, Hashable {
    case welcome(Welcome)
    case refusal(Refusal)
    case heartbeatReply(Announcement?)
    case shutdown(String)
    case manifest(BlobManifest)
    case chunk(BlobChunk)
    case blobUnavailable(Digest, newest: Announcement?)
    case unitGrant(UnitGrant)
    case unitAcknowledgement(version: PolicyVersion, unit: Int)
    case task(RewardTask)
    case taskAcknowledgement(UInt64)
    /// To every actor, when there are new weights.
    case announcement(Announcement)
    /// To a reward worker: the recipes beside those of its login.
    case furtherRecipes([String])
    /// To an evaluation.
    case workResults([NumberedResult])
}

/// The answer to a login.
package struct Welcome: Sendable, Hashable {
    package var session: UInt64
    /// Drawn at random when the hub started.
    package var epoch: UInt64
    package var run: String
    package var heartbeat: Duration
    package var liveness: Duration
    package var settings: String
    package var weights: Announcement?

    package init(
        session: UInt64, epoch: UInt64, run: String, heartbeat: Duration, liveness: Duration, settings: String,
        weights: Announcement?
    ) {
        self.session = session
        self.epoch = epoch
        self.run = run
        self.heartbeat = heartbeat
        self.liveness = liveness
        self.settings = settings
        self.weights = weights
    }
}

/// Why the hub does not serve a peer.
package struct Refusal: Sendable, Hashable, Error {
    package enum Code: Sendable, Hashable {
        /// Another protocol version: give up.
        case protocolVersion
        /// Not logged in, or no longer: say hello again.
        case unknownSession
        /// A hello that makes no sense: give up.
        case hello
        /// No room: try again later.
        case full
        /// Turned away, because of what it sent: give up.
        case distrusted
    }

    package var code: Code
    package var reason: String

    package init(code: Code, reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// Which weights are the newest.
package struct Announcement: Sendable, Hashable {
    package var epoch: UInt64
    package var run: String
    package var version: PolicyVersion
    package var policy: Digest
    package var reference: Digest

    package init(epoch: UInt64, run: String, version: PolicyVersion, policy: Digest, reference: Digest) {
        self.epoch = epoch
        self.run = run
        self.version = version
        self.policy = policy
        self.reference = reference
    }
}

/// A piece of a blob.
package struct BlobChunk: Sendable, Hashable {
    package var blob: Digest
    package var index: Int
    package var bytes: Data

    package init(blob: Digest, index: Int, bytes: Data) {
        self.blob = blob
        self.index = index
        self.bytes = bytes
    }
}

/// Work for an actor, and the weights to do it with.
package struct UnitGrant: Sendable, Hashable {
    package var unit: WorkUnit
    package var policy: Digest

    package init(unit: WorkUnit, policy: Digest) {
        self.unit = unit
        self.policy = policy
    }
}

/// Work for a reward worker: a few crystals, and the recipe to measure them by.
package struct RewardTask: Sendable, Hashable {
    package var epoch: UInt64
    package var id: UInt64
    /// SHA-256 of the settings of reward workers.
    package var recipe: Digest
    package var items: [WorkItem]

    package init(epoch: UInt64, id: UInt64, recipe: Digest, items: [WorkItem]) {
        self.epoch = epoch
        self.id = id
        self.recipe = recipe
        self.items = items
    }
}
