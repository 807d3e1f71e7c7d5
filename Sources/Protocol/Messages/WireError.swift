import Base
import Foundation

/// Why a message from the wire was dropped.
package enum WireError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The sender speaks another version of the protocol.
    case protocolVersion(UInt32)
    /// Not an envelope, not of this direction, or a field outside its range.
    case malformed(String)
    /// It was another message when it was sent.
    case damaged

    package var description: String {
        switch self {
        case .protocolVersion(let version):
            "protocol version \(version), but this program speaks \(WireLimits.protocolVersion): "
                + "use the same release of druse on both sides"
        case .malformed(let what): "malformed message: \(what)"
        case .damaged: "damaged on the way: its checksum is another one"
        }
    }
}

// Checks of single fields.
extension WireError {
    static func number(_ value: UInt64, atMost limit: Int, _ name: String) throws(WireError) -> Int {
        guard value <= UInt64(limit) else { throw .malformed("\(name) is out of range") }
        return Int(value)
    }

    static func text(_ value: String, atMost limit: Int = WireLimits.textBytes, _ name: String) throws(WireError)
        -> String
    {
        guard value.utf8.count <= limit else { throw .malformed("\(name) is too long") }
        return value
    }

    /// A line that is shown to people.
    static func line(_ value: String, _ name: String) throws(WireError) -> String {
        guard value.utf8.count <= 200, !value.contains(where: \.isNewline) else {
            throw .malformed("\(name) is too long, or more than a line")
        }
        return value
    }

    static func digest(_ value: Data, _ name: String) throws(WireError) -> Digest {
        guard let digest = Digest(bytes: value) else { throw .malformed("\(name) is not a digest") }
        return digest
    }

    /// Nil for an empty field.
    static func optionalDigest(_ value: Data, _ name: String) throws(WireError) -> Digest? {
        value.isEmpty ? nil : try digest(value, name)
    }

    /// A duration that is finite and not negative; anything else counts as 0, for it says nothing about the work.
    static func seconds(_ value: Double) -> Double {
        value.isFinite && value >= 0 ? value : 0
    }

    static func milliseconds(_ value: UInt32, _ name: String) throws(WireError) -> Duration {
        .milliseconds(try number(UInt64(value), atMost: 3_600_000, name))
    }
}
