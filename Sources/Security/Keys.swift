/// The half of a key pair that others may know: who has it can tell whether somebody has the secret one.
package struct PublicKey: Sendable, Hashable, CustomStringConvertible {
    package static let byteCount = 32

    package let bytes: [UInt8]

    /// Nil unless there are ``byteCount`` bytes.
    package init?(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        guard self.bytes.count == Self.byteCount else { return nil }
    }

    /// Reads 40 characters of Z85; nil for any other text.
    package init?(text: String) {
        guard let bytes = Z85.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// 40 characters of Z85.
    package var text: String { Z85.encode(bytes) }

    /// The first characters, which are enough to tell keys apart by eye.
    package var start: String { String(text.prefix(8)) }

    package var description: String { text }
}

/// The half of a key pair that nobody else may know. It shows itself to nobody: printed, logged, dumped or reflected on
/// it is a word.
package struct SecretKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Nil unless there are 32 bytes.
    package init?(bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        guard self.bytes.count == PublicKey.byteCount else { return nil }
    }

    /// Reads 40 characters of Z85; nil for any other text.
    package init?(text: String) {
        guard let bytes = Z85.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// 40 characters of Z85, for the library and for the file of the key.
    package func revealed() -> String { Z85.encode(bytes) }

    package var description: String { "(secret)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A public key with its secret.
package struct KeyPair: Sendable {
    package let publicKey: PublicKey
    package let secretKey: SecretKey

    package init(publicKey: PublicKey, secretKey: SecretKey) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }
}
