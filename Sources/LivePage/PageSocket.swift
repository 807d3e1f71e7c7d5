internal import HTTP

/// Where the page listens.
package struct PageSocket: Sendable {
    let socket: HTTPSocket
    /// With the port that it got.
    package let address: PageAddress

    /// Binds to the address; where it leaves the port open, to a usual one if that is free, else to any.
    ///
    /// - Throws: ``PageError`` if another process has the port, or the host is not one of this machine.
    package init(_ address: PageAddress) throws(PageError) {
        let ports = address.port == 0 ? [PageAddress.usualPort, 0] : [address.port]
        do {
            socket = try HTTPSocket(host: address.bindingHost, ports: ports)
        } catch { throw .listening(address: "\(address)", reason: error.reason) }
        self.address = PageAddress(host: address.host, bindingHost: address.bindingHost, port: socket.port)
    }

    package func close() { socket.close() }
}
