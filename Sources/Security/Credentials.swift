internal import Foundation

/// By what a learner is known, and whom it lets in.
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
}

/// By what a peer is known, and the only learner that it trusts.
package struct PeerCredentials: Sendable {
    /// The name of its key, for messages; the learner may know it by another.
    package let name: String
    package let pair: KeyPair
    /// The learner's.
    package let server: PublicKey
    /// The file that the learner's key is from, for messages.
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
    }
}
