internal import Foundation

/// By what a learner is known, and whom it lets in; a relay as well, where it listens.
package struct LearnerCredentials: Sendable {
    package let pair: KeyPair
    /// Who may take part, as of when they were read.
    package let allowed: AllowList
    /// Where that is written: it may change while the learner runs.
    package let folder: AllowListFolder
    /// What the folder looked like.
    package let look: AllowListFolder.Look

    /// Reads them.
    ///
    /// - Parameters:
    ///   - path: the folder of keys.
    ///   - allowed: the allow-list; nil: the one in the folder.
    /// - Throws: ``SecurityError``.
    package init(path: String, allowed list: String? = nil) throws(SecurityError) {
        let keys = KeyFolder(path: path)
        guard !keys.isFile else {
            throw .problem("\(path) is a file: name the folder that holds learner.key and the allow-list")
        }
        guard keys.holdsLearner else {
            throw .problem("\(path) holds no learner.key: make one with: druse keys new --learner -o \(path)")
        }
        let file = keys.file(KeyFolder.learnerKeyName)
        let record = try KeyFolder.secretRecord(file)
        guard record.role == .learner else {
            throw .notAKey(path: file, problem: "is the key of a peer, \(record.name), and none of a learner")
        }
        pair = try record.pair(of: file)
        folder = list.map { AllowListFolder(path: $0) } ?? keys.allowed
        (allowed, look) = try folder.read()
    }

    /// Those of a relay, which its peers know by the key that its learner knows it by.
    ///
    /// - Parameter list: the allow-list; nil: the one in the folder of its key.
    /// - Throws: ``SecurityError``.
    package init(relay: PeerCredentials, allowed list: String? = nil) throws(SecurityError) {
        guard relay.role == .relay else {
            throw .notAKey(
                path: relay.path,
                problem: "is a key of the role \(relay.role.rawValue); peers trust a relay's alone: "
                    + "druse keys new NAME --role relay")
        }
        pair = relay.pair
        let beside = URL(filePath: relay.path).deletingLastPathComponent().appending(path: KeyFolder.allowedName).path
        guard list != nil || FileManager.default.fileExists(atPath: beside) else {
            throw .problem(
                "there is no allow-list \(beside): copy the folder `allowed` of the learner's keys, or name it with "
                    + "--allowed")
        }
        folder = AllowListFolder(path: list ?? beside)
        (allowed, look) = try folder.read()
    }
}

/// By what a peer is known, and the only learner, or relay, that it trusts.
package struct PeerCredentials: Sendable {
    /// The name of its key, for messages; the learner may know it by another.
    package let name: String
    package let pair: KeyPair
    let role: KeyRole
    /// The file of its key.
    let path: String
    /// The learner's, or the relay's.
    package let server: PublicKey
    /// The file that the learner's key, or the relay's, is from, for messages.
    package let serverPath: String

    /// Reads them.
    ///
    /// - Parameters:
    ///   - path: the file of the peer's key, or a folder that holds one.
    ///   - serverKey: the file of the learner's public key; nil: `learner.pub` beside the peer's.
    /// - Throws: ``SecurityError``.
    package init(path: String, serverKey: String? = nil) throws(SecurityError) {
        let file = try KeyFolder.peerKey(at: path)
        let record = try KeyFolder.secretRecord(file)
        guard record.role != .learner else {
            throw .notAKey(path: file, problem: "is the key of a learner; a peer needs one of its own")
        }
        let beside = URL(filePath: file).deletingLastPathComponent().appending(path: KeyFolder.learnerPublicName).path
        if serverKey == nil, !FileManager.default.fileExists(atPath: beside) {
            throw .problem(
                "there is no learner.pub beside \(file): copy it from the learner's keys, or name it with --server-key")
        }
        serverPath = serverKey ?? beside
        let learner = try KeyFolder.publicRecord(serverPath)
        guard learner.role == .learner else {
            throw .notAKey(path: serverPath, problem: "is the key of a peer, \(learner.name); learner.pub is needed")
        }
        (name, pair, server) = (record.name, try record.pair(of: file), learner.publicKey)
        (role, self.path) = (record.role, file)
    }

    /// The same process at its relay.
    ///
    /// - Parameter relayKey: the file of the relay's public key; nil: `relay.pub` beside the peer's.
    /// - Throws: ``SecurityError``.
    package func atRelay(key relayKey: String? = nil) throws(SecurityError) -> PeerCredentials {
        let beside = URL(filePath: path).deletingLastPathComponent().appending(path: KeyFolder.relayPublicName).path
        if relayKey == nil, !FileManager.default.fileExists(atPath: beside) {
            throw .problem(
                "there is no relay.pub beside \(path): copy the relay's public key, or name it with --relay-key")
        }
        let relay = try KeyFolder.publicRecord(relayKey ?? beside)
        guard relay.role == .relay else {
            throw .notAKey(
                path: relayKey ?? beside,
                problem: "is a key of the role \(relay.role.rawValue); that of a relay is needed: "
                    + "druse keys new NAME --role relay")
        }
        return PeerCredentials(self, server: relay.publicKey, serverPath: relayKey ?? beside)
    }

    private init(_ own: PeerCredentials, server: PublicKey, serverPath: String) {
        (name, pair, role, path) = (own.name, own.pair, own.role, own.path)
        (self.server, self.serverPath) = (server, serverPath)
    }
}
