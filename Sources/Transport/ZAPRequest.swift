package import Security

/// A question of the library (ZAP, RFC 27): may the holder of this key connect?
package struct ZAPRequest: Sendable, Hashable {
    /// What came of a message to the handler.
    package enum Reading: Sendable, Hashable {
        case request(ZAPRequest)
        /// It can be answered, by "no".
        case malformed(id: [UInt8])
        /// Nobody would know what is answered.
        case unreadable
    }

    package enum Answer: Sendable, Hashable {
        case yes(user: String)
        /// A client's fault.
        case no
    }

    private static let version = Array("1.0".utf8)
    /// A request id of the library has one byte.
    private static let longestID = 255

    package var id: [UInt8]
    /// Where the connection comes from.
    package var address: String
    package var key: PublicKey

    /// Reads a request.
    ///
    /// - Parameters:
    ///   - frames: of the message, without routing id and delimiter.
    ///   - domain: the only one that is answered for.
    package static func read(_ frames: [[UInt8]], domain: String) -> Reading {
        guard frames.count >= 2, frames[0] == version, (1...longestID).contains(frames[1].count) else {
            return .unreadable
        }
        let id = frames[1]
        guard frames.count == 7, frames[2] == Array(domain.utf8), frames[3].count <= 255,
            frames[5] == Array("CURVE".utf8), let key = PublicKey(bytes: frames[6])
        else { return .malformed(id: id) }
        // An IPv4 address on a socket that takes IPv6 too is shown as people write it.
        let address = String(decoding: frames[3], as: UTF8.self).replacing(/^::ffff:([0-9.]+)$/) { $0.output.1 }
        return .request(ZAPRequest(id: id, address: address, key: key))
    }

    /// The frames of an answer.
    package static func frames(_ answer: Answer, to id: [UInt8]) -> [[UInt8]] {
        let (status, text, user) =
            switch answer {
            case .yes(let user): ("200", "OK", user)
            case .no: ("400", "this key is not on the allow-list", "")
            }
        return [version, id, Array(status.utf8), Array(text.utf8), Array(user.utf8), []]
    }
}
