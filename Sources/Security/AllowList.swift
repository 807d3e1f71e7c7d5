/// The keys that may take part in a run, by what they may be.
package struct AllowList: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var role: KeyRole
        package var publicKey: PublicKey
    }

    /// By name.
    package private(set) var entries: [String: Entry] = [:]
    private var names: [PublicKey: String] = [:]

    package init() {}

    /// - Parameter records: a name, a role and a public key each.
    /// - Throws: ``SecurityError`` if a name or a key is there twice, or a key is none of a peer.
    package init(_ records: [KeyRecord], path: String) throws(SecurityError) {
        for record in records {
            guard record.role != .learner else {
                throw .notAKey(path: path, problem: "\(record.name) is a learner's key, which takes part in no run")
            }
            guard entries[record.name] == nil else {
                throw .notAKey(path: path, problem: "two keys have the name \(record.name)")
            }
            if let other = names[record.publicKey] {
                throw .notAKey(path: path, problem: "\(other) and \(record.name) are the same key")
            }
            entries[record.name] = Entry(role: record.role, publicKey: record.publicKey)
            names[record.publicKey] = record.name
        }
    }

    package var count: Int { entries.count }

    /// Whose key it is; nil for a stranger's.
    package func holder(of key: PublicKey) -> KeyHolder? {
        names[key].map { KeyHolder(name: $0, publicKey: key) }
    }

    /// What a holder may be; nil if it is not, or no longer, on the list.
    package func role(of holder: KeyHolder) -> KeyRole? {
        guard let entry = entries[holder.name], entry.publicKey == holder.publicKey else { return nil }
        return entry.role
    }
}
