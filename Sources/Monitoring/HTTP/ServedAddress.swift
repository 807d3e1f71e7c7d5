internal import Base
internal import FlyingFox
internal import FlyingSocks
internal import Foundation

/// Where a process serves pages: a host as a person writes it, and a port.
package struct ServedAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address, a name, or "*" for all interfaces.
    package let host: String
    /// 0: a free one.
    package let port: Int

    /// This machine alone.
    package static let loopback = "127.0.0.1"

    /// - Throws: ``MonitoringError`` if nothing can be served there.
    package init(host: String = ServedAddress.loopback, port: Int) throws(MonitoringError) {
        guard (0...65_535).contains(port) else { throw .port(port) }
        self.host = host
        self.port = port
    }

    private init(known host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { "\(host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host):\(port)" }

    /// Whether other machines cannot connect.
    package var isLoopback: Bool {
        ["localhost", "::1", "[::1]"].contains(host) || host.hasPrefix("127.")
    }

    /// Where others find what is served at a port: this machine's name, where all interfaces are meant.
    package func served(port: Int) -> ServedAddress {
        let all = ["*", "0.0.0.0", "::", "[::]", ""].contains(host)
        return ServedAddress(known: all ? ProcessInfo.processInfo.hostName : host, port: port)
    }

    /// The address of the socket.
    func socketAddress() throws(MonitoringError) -> any SocketAddress & Sendable {
        let port = UInt16(port)
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        switch bare {
        case "*", "": return sockaddr_in.inet(port: port)
        default: break
        }
        for text in [bare] + HostAddress.addresses(ofHost: bare) {
            let six = text.hasPrefix("[") ? String(text.dropFirst().dropLast()) : text
            if let four = try? sockaddr_in.inet(ip4: text, port: port) { return four }
            if let found = try? sockaddr_in6.inet6(ip6: six, port: port) { return found }
        }
        throw .host(host)
    }
}
