/// Who is at the other end of a connection: the name of a key on the allow-list, and the key.
///
/// A name alone would not do: another key may be allowed under it later, and what the old one began is not the new
/// one's.
package struct KeyHolder: Sendable, Hashable, CustomStringConvertible {
    package let name: String
    package let publicKey: PublicKey

    package init(name: String, publicKey: PublicKey) {
        self.name = name
        self.publicKey = publicKey
    }

    /// Reads ``text``; nil for any other.
    package init?(text: String) {
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, KeyName.problem(of: String(words[0])) == nil,
            let key = PublicKey(text: String(words[1]))
        else { return nil }
        self.init(name: String(words[0]), publicKey: key)
    }

    /// As the library carries it from the handshake to every message.
    package var text: String { "\(name) \(publicKey.text)" }

    package var description: String { "\(name) (\(publicKey.start)...)" }
}
