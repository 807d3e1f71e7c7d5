internal import Foundation

/// A key as its files say it: one object of JSON.
package struct KeyRecord: Sendable {
    /// Files of another form are refused.
    static let format = 1

    package let name: String
    package let role: KeyRole
    package let publicKey: PublicKey
    /// Nil in a file that is to be shared.
    package let secretKey: SecretKey?
    /// When it was made, ISO 8601.
    package let created: String

    package init(name: String, role: KeyRole, pair: KeyPair, created: String) {
        (self.name, self.role, self.created) = (name, role, created)
        (publicKey, secretKey) = (pair.publicKey, pair.secretKey)
    }

    /// The date of a key that is made now.
    package static var today: String { Date.now.formatted(.iso8601) }

    private init(name: String, role: KeyRole, publicKey: PublicKey, secretKey: SecretKey?, created: String) {
        (self.name, self.role, self.created) = (name, role, created)
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }

    /// What may be shared, with a role that is decided by whoever allows it.
    package func shared(role: KeyRole? = nil) -> KeyRecord {
        KeyRecord(name: name, role: role ?? self.role, publicKey: publicKey, secretKey: nil, created: created)
    }

    /// The pair.
    ///
    /// - Throws: ``SecurityError`` for a key without its secret.
    package func pair(of path: String) throws(SecurityError) -> KeyPair {
        guard let secretKey else {
            throw .notAKey(path: path, problem: "is a public key; the secret one, a .key file, is needed here")
        }
        return KeyPair(publicKey: publicKey, secretKey: secretKey)
    }

    /// The fields of a file.
    private struct Fields: Codable {
        var druseKey: Int
        var name: String
        var role: KeyRole
        var `public`: String
        var secret: String?
        var created: String

        private enum CodingKeys: String, CodingKey {
            case druseKey = "druse_key"
            case name, role, `public`, secret, created
        }
    }

    /// Reads a key from the content of a file.
    ///
    /// - Throws: ``SecurityError/notAKey(path:problem:)``, which never quotes the content.
    package init(_ content: [UInt8], path: String) throws(SecurityError) {
        let fields: Fields
        do { fields = try JSONDecoder().decode(Fields.self, from: Data(content)) } catch {
            throw .notAKey(path: path, problem: "is no key of druse; make one with: druse keys new NAME")
        }
        guard fields.druseKey == Self.format else {
            throw .notAKey(path: path, problem: "is a key of form \(fields.druseKey); this release reads 1")
        }
        if let problem = KeyName.problem(of: fields.name) { throw .notAKey(path: path, problem: problem) }
        guard let publicKey = PublicKey(text: fields.public) else {
            throw .notAKey(path: path, problem: "its public key is damaged: 40 characters are expected")
        }
        var secretKey: SecretKey?
        if let text = fields.secret {
            guard let secret = SecretKey(text: text) else {
                throw .notAKey(path: path, problem: "its secret key is damaged: 40 characters are expected")
            }
            secretKey = secret
        }
        guard fields.created.utf8.count <= 64 else { throw .notAKey(path: path, problem: "its date is damaged") }
        self.init(
            name: fields.name, role: fields.role, publicKey: publicKey, secretKey: secretKey, created: fields.created)
    }

    /// The content of its file.
    package func content() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let fields = Fields(
            druseKey: Self.format, name: name, role: role, public: publicKey.text, secret: secretKey?.revealed(),
            created: created)
        return Array(try encoder.encode(fields)) + [UInt8(ascii: "\n")]
    }
}
