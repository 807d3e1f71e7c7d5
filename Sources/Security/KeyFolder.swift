internal import Base
internal import Foundation

/// A folder of keys: `learner.key` and `learner.pub`, the keys of peers as `NAME.key` and `NAME.pub`, and who may take
/// part in `allowed/NAME.pub`.
package struct KeyFolder: Sendable {
    package static let secretSuffix = ".key"
    package static let publicSuffix = ".pub"
    package static let allowedName = "allowed"
    static let learnerKeyName = KeyName.learner + secretSuffix
    static let learnerPublicName = KeyName.learner + publicSuffix
    static let relayPublicName = "relay" + publicSuffix

    package let path: String

    package init(path: String) { self.path = path }

    package var allowed: AllowListFolder { AllowListFolder(path: file(Self.allowedName)) }

    /// Whether there is a learner's key.
    package var holdsLearner: Bool { FileManager.default.fileExists(atPath: file(Self.learnerKeyName)) }

    /// Whether the path is that of a file, such as a key in the folder.
    var isFile: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    /// The file of a name in the folder.
    package func file(_ name: String) -> String { URL(filePath: path).appending(path: name).path }

    // MARK: - Making

    /// Writes a new key: the secret file, for its owner alone, and the public one.
    ///
    /// - Returns: the paths of both.
    /// - Throws: ``SecurityError`` if there is a key of this name.
    @discardableResult
    package func write(_ record: KeyRecord) throws -> (secret: String, shared: String) {
        if let problem = KeyName.problem(of: record.name) { throw SecurityError.problem(problem) }
        guard (record.name == KeyName.learner) == (record.role == .learner) else {
            throw SecurityError.problem("the name learner is for the key of a learner: druse keys new --learner")
        }
        let secret = file(record.name + Self.secretSuffix)
        let shared = file(record.name + Self.publicSuffix)
        for path in [secret, shared] where FileManager.default.fileExists(atPath: path) {
            throw SecurityError.problem(
                "there is \(path) already, and whoever uses it would be shut out: take another name, or remove it")
        }
        try PrivateFile.makeFolder(path)
        try PrivateFile.create(secret, record.content(), mode: 0o600)
        do { try PrivateFile.create(shared, record.shared().content(), mode: 0o644) } catch {
            try? FileManager.default.removeItem(atPath: secret)
            throw error
        }
        if record.role == .learner { try PrivateFile.makeFolder(allowed.path) }
        return (secret, shared)
    }

    // MARK: - Reading

    /// Reads a public key.
    ///
    /// - Throws: ``SecurityError``.
    package static func publicRecord(_ path: String) throws(SecurityError) -> KeyRecord {
        let record = try KeyRecord(PrivateFile.read(path, .none), path: path)
        guard record.secretKey == nil else {
            throw .notAKey(path: path, problem: "holds a secret key: give the .pub file beside it")
        }
        return record
    }

    /// Reads a secret key.
    ///
    /// - Throws: ``SecurityError``, also if others can read it.
    static func secretRecord(_ path: String) throws(SecurityError) -> KeyRecord {
        do {
            let record = try KeyRecord(PrivateFile.read(path, .secret), path: path)
            _ = try record.pair(of: path)
            return record
        } catch {
            // A public key that others can read is no danger, but no secret one either.
            if case .readableByOthers = error {
                _ = try KeyRecord(PrivateFile.read(path, .none), path: path).pair(of: path)
            }
            throw error
        }
    }

    /// The secret keys of peers in the folder.
    private func peerKeys() throws(SecurityError) -> [String] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw .file(path: path, operation: "read", reason: FileProblem.reason(of: error))
        }
        return names.filter { $0.hasSuffix(Self.secretSuffix) && !$0.hasPrefix(".") && $0 != Self.learnerKeyName }
            .sorted()
    }

    /// The key of a peer: a file, or the only one in a folder.
    static func peerKey(at path: String) throws(SecurityError) -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .file(
                path: path, operation: "read", reason: "no such file or folder; make a key with: druse keys new NAME")
        }
        guard isFolder.boolValue else { return path }
        let folder = KeyFolder(path: path)
        let keys = try folder.peerKeys()
        if keys.count == 1 { return folder.file(keys[0]) }
        throw .problem(
            keys.isEmpty
                ? "\(path) holds no key for this process: make one with: druse keys new NAME -o \(path)"
                : "\(path) holds the keys \(keys.joined(separator: ", ")): name one, such as \(folder.file(keys[0]))")
    }
}
