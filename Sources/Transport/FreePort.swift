package import Base

/// Finds TCP ports that are free.
package enum FreePort {
    /// The endpoint with a port that is free now, if it leaves the port open; else the endpoint itself.
    ///
    /// For processes that are told where to meet before any of them listens.
    ///
    /// - Throws: ``ZMQError`` if the host is not one of this machine, or another process listens there.
    package static func settle(_ endpoint: Endpoint) throws -> Endpoint {
        guard let asked = endpoint.port else { return endpoint }
        let context = try ZMQContext()
        defer { context.shutDown() }
        let socket = try ZMQSocket(
            .router, in: context, options: ZMQSocket.Options(sendLimit: 1, largestMessage: 1, frames: 1))
        defer { socket.close() }
        let bound = try socket.bind(endpoint)
        guard asked == 0 else { return endpoint }
        guard let port = bound.port, let settled = endpoint.withPort(port) else { return bound }
        return settled
    }
}
