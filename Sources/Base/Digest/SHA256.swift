import CCrypto

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by libcrypto; ``Digest/init(of:)`` is for bytes at hand.
///
///     var hash = SHA256()
///     hash.update(header)
///     hash.update(payload)
///     let digest = hash.finalize().hexadecimal
///
/// It is a value: a copy goes on by itself.
package struct SHA256: Sendable {
    private var state = State()

    package init() {}

    /// Adds bytes to what is hashed; without a copy for whatever stores its bytes contiguously.
    ///
    /// - Complexity: O(bytes).
    package mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// Adds bytes to what is hashed.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&state) { state = State(copying: state) }
        state.update(bytes)
    }

    /// The digest of everything added so far; more may be added afterwards.
    package func finalize() -> Digest { State(copying: state).finish() }

    /// The context of libcrypto. It is changed by its one owner only, and copied before it has two.
    private final class State: @unchecked Sendable {
        private let context: OpaquePointer

        init() {
            context = Self.makeContext()
            Self.check(EVP_DigestInit_ex(context, EVP_sha256(), nil))
        }

        init(copying other: State) {
            context = Self.makeContext()
            Self.check(EVP_MD_CTX_copy_ex(context, other.context))
        }

        deinit { EVP_MD_CTX_free(context) }

        func update(_ bytes: UnsafeRawBufferPointer) {
            Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
        }

        /// The digest; nothing can be added after it.
        func finish() -> Digest {
            Digest { Self.check(EVP_DigestFinal_ex(context, $0, nil)) }
        }

        private static func makeContext() -> OpaquePointer {
            // invariant: a context of a few hundred bytes can be allocated, as every array of Swift can.
            guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
            return context
        }

        // invariant: SHA-256 is part of every libcrypto.
        /// None of the calls can fail but where libcrypto was built, or set up, without SHA-256.
        private static func check(_ result: Int32) {
            precondition(result == 1, "this machine's libcrypto (OpenSSL) does not offer SHA-256")
        }
    }
}
