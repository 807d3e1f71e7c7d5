package import Coordination
internal import Foundation
package import Security

/// Where a peer finds its key, and the learner's: as the command line says, else as the environment does.
///
/// Keys are named by files alone, so that no secret stands where others can read it: in a list of processes, in a
/// configuration, in the environment.
package struct PeerKeyPlaces: Sendable {
    private let keys: String?
    private let serverKey: String?

    /// - Parameters:
    ///   - keys: the file of the key, or a folder that holds one; nil: `DRUSE_KEYS`.
    ///   - serverKey: the file of the learner's public key; nil: `DRUSE_SERVER_KEY`, else beside the key.
    package init(keys: String?, serverKey: String?) {
        self.keys = KeyEnvironment.place(keys, KeyEnvironment.keys)
        self.serverKey = KeyEnvironment.place(serverKey, KeyEnvironment.serverKey)
    }

    /// The keys; nil for a connection without.
    ///
    /// - Throws: ``SecurityError``.
    package func credentials() throws -> PeerCredentials? {
        guard let keys else {
            guard serverKey == nil else {
                throw SecurityError.problem(
                    "there is a learner's key (--server-key, \(KeyEnvironment.serverKey)), and none of this process: "
                        + "give --keys")
            }
            return nil
        }
        return try PeerCredentials(path: keys, serverKey: serverKey)
    }
}

/// Where a peer finds its relay, and the key that it knows it by.
package struct RelayPlaces: Sendable {
    private let relay: String?
    private let relayKey: String?

    /// - Parameters:
    ///   - relay: its address, or its endpoint file; nil: `DRUSE_RELAY`.
    ///   - relayKey: the file of its public key; nil: `DRUSE_RELAY_KEY`, else beside the peer's key.
    package init(relay: String?, relayKey: String?) {
        self.relay = KeyEnvironment.place(relay, KeyEnvironment.relay)
        self.relayKey = KeyEnvironment.place(relayKey, KeyEnvironment.relayKey)
    }

    /// The place of the relay; nil if there is none.
    ///
    /// - Parameter credentials: of the peer; nil without keys.
    /// - Throws: ``SecurityError``, `RoleError`.
    package func place(_ credentials: PeerCredentials?) throws -> RelayPlace? {
        guard let relay else {
            guard relayKey == nil else {
                throw SecurityError.problem(
                    "there is a relay's key (--relay-key, \(KeyEnvironment.relayKey)), and no relay: give --relay")
            }
            return nil
        }
        return try RelayPlace(text: relay, credentials: try credentials?.atRelay(key: relayKey))
    }
}

/// Where a learner finds its key, and its allow-list.
package struct LearnerKeyPlaces: Sendable {
    private let keys: String?
    private let allowed: String?
    private let isInsecure: Bool

    /// - Parameters:
    ///   - keys: the folder of keys; nil: `DRUSE_KEYS`.
    ///   - allowed: the folder of the allow-list; nil: `DRUSE_ALLOWED`, else the one in the folder of keys.
    ///   - isInsecure: whether it was told to do without.
    package init(keys: String?, allowed: String?, isInsecure: Bool) {
        self.keys = KeyEnvironment.place(keys, KeyEnvironment.keys)
        self.allowed = KeyEnvironment.place(allowed, KeyEnvironment.allowed)
        self.isInsecure = isInsecure
    }

    /// The keys; nil where anybody who connects can take part.
    ///
    /// - Throws: ``SecurityError``.
    package func credentials() throws -> LearnerCredentials? {
        guard let keys else {
            guard allowed == nil else {
                throw SecurityError.problem(
                    "there is an allow-list (--allowed, \(KeyEnvironment.allowed)), and no key: give --keys")
            }
            return nil
        }
        guard !isInsecure else {
            throw SecurityError.problem(
                "--insecure, and keys (--keys, \(KeyEnvironment.keys)=\(keys)), exclude each other: with keys nothing "
                    + "is insecure")
        }
        return try LearnerCredentials(path: keys, allowed: allowed)
    }
}

/// The variables of the environment that say where keys are.
package enum KeyEnvironment {
    static let keys = "DRUSE_KEYS"
    static let serverKey = "DRUSE_SERVER_KEY"
    static let allowed = "DRUSE_ALLOWED"
    static let relay = "DRUSE_RELAY"
    static let relayKey = "DRUSE_RELAY_KEY"

    /// The allow-list that was given, else that of the environment.
    package static func allowList(_ given: String?) -> String? { place(given, allowed) }

    /// The folder of keys that was given, else that of the environment.
    package static func folder(_ given: String?) -> String? { place(given, keys) }

    /// What was given, else what the environment says; an empty text stands for nothing.
    static func place(_ given: String?, _ name: String) -> String? {
        if let given { return given }
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
        return value
    }
}
