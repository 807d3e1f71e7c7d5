internal import Foundation
internal import HTTP

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

    /// Checks that a server could listen there.
    ///
    /// - Throws: ``MonitoringError``.
    package func checkFree() throws(MonitoringError) { try listen().close() }

    /// Binds to it.
    func listen() throws(MonitoringError) -> HTTPSocket {
        let all = ["*", ""].contains(host)
        do { return try HTTPSocket(host: all ? "0.0.0.0" : host, ports: [port]) } catch {
            if case .host = error { throw .host(host) }
            throw .listen("\(self)", reason: error.reason)
        }
    }
}
