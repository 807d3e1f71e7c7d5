internal import CZeroMQ
package import Security

/// An end of encrypted connections, with the keys that it is known by and that it trusts.
package enum CurveEnd: Sendable {
    /// Listens. Whom it lets in decides the ``ZAPHandler`` of the context, which must listen before: without one the
    /// library would let everybody in.
    case server(KeyPair)
    /// Connects to the holder of one key alone.
    case client(KeyPair, server: PublicKey)

    /// What encryption adds to a message: a command's name, a counter and the authenticator, in bytes; and some to
    /// spare.
    static let messageOverhead: Int64 = 64
    /// What the library's requests for authentication are marked by.
    package static let domain = "druse"

    var isServer: Bool {
        if case .server = self { true } else { false }
    }

    /// A new pair of keys.
    ///
    /// - Throws: ``ZMQError`` if the library was built without encryption.
    package static func makePair() throws -> KeyPair {
        try requireCurve()
        var (publicText, secretText) = ([CChar](repeating: 0, count: 41), [CChar](repeating: 0, count: 41))
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw ZMQError.last("zmq_curve_keypair", "a new key")
        }
        guard let publicKey = PublicKey(text: text(publicText)), let secretKey = SecretKey(text: text(secretText))
        else { throw ZMQError(code: EPROTO, operation: "zmq_curve_keypair", subject: "a new key") }
        return KeyPair(publicKey: publicKey, secretKey: secretKey)
    }

    /// The public key of a secret one; nil if the library does not take it.
    static func publicKey(of secret: SecretKey) -> PublicKey? {
        var result = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&result, secret.revealed()) == 0 else { return nil }
        return PublicKey(text: text(result))
    }

    static func requireCurve() throws {
        guard zmq_has("curve") == 1 else {
            throw ZMQError(
                code: ENOTSUP, operation: "zmq_has",
                subject: "curve; install a libzmq that is built with it, as Debian's libzmq5 is")
        }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension ZMQSocket {
    /// `ZMQ_ZAP_ENFORCE_DOMAIN`, which the header names for drafts alone and the library knows always: a server without
    /// a handler lets nobody in.
    private static let enforceDomain: Int32 = 93

    /// Gives the socket its keys.
    ///
    /// - Throws: ``ZMQError``, also for a secret and a public key that are no pair.
    func secure(_ end: CurveEnd) throws {
        try CurveEnd.requireCurve()
        let pair: KeyPair
        switch end {
        case .server(let own):
            pair = own
            try set(ZMQ_CURVE_SERVER, Int32(1), "ZMQ_CURVE_SERVER")
            try set(ZMQ_ZAP_DOMAIN, text: CurveEnd.domain, "ZMQ_ZAP_DOMAIN")
            try set(Self.enforceDomain, Int32(1), "ZMQ_ZAP_ENFORCE_DOMAIN")
        case .client(let own, let server):
            pair = own
            try set(ZMQ_CURVE_SERVERKEY, text: server.text, "ZMQ_CURVE_SERVERKEY")
        }
        guard CurveEnd.publicKey(of: pair.secretKey) == pair.publicKey else {
            throw ZMQError(
                code: EINVAL, operation: "zmq_curve_public",
                subject: "the secret key is not that of the public key \(pair.publicKey.start)...: make a new key")
        }
        try set(ZMQ_CURVE_PUBLICKEY, text: pair.publicKey.text, "ZMQ_CURVE_PUBLICKEY")
        try set(ZMQ_CURVE_SECRETKEY, text: pair.secretKey.revealed(), "ZMQ_CURVE_SECRETKEY")
    }
}
