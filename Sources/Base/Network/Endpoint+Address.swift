// Names and wildcards turned into addresses.
extension Endpoint {
    private static let wildcards: Set<String> = ["*", "0.0.0.0", "[::]"]

    /// Whether it means every address of this machine.
    private var isWildcard: Bool {
        guard case .tcp(let host, _) = transport else { return false }
        return Self.wildcards.contains(host)
    }

    /// The endpoint to bind to: with an address in place of the name of a host or a network interface.
    ///
    /// - Throws: ``EndpointError`` if nobody knows the name.
    package func listening() throws(EndpointError) -> Endpoint {
        guard case .tcp(let host, let port) = transport, !isWildcard, !HostAddress.isNumeric(host) else { return self }
        let own = HostAddress.ofThisMachine().filter { $0.interface == host }.map(\.address)
        let addresses = own.isEmpty ? HostAddress.addresses(ofHost: host) : own
        // Of several, one that other machines can use; a link-local address cannot be used without its zone.
        let usable = addresses.filter { !$0.hasPrefix("[fe80:") }
        guard let address = usable.first(where: { !HostAddress.isLoopback($0) }) ?? usable.first else {
            throw EndpointError(
                text: description, problem: "\(host) is neither a host with a known address nor a network interface")
        }
        return Endpoint(.tcp(host: address, port: port))
    }

    /// Whether only processes of this machine can connect to what listens here; a name is looked up.
    ///
    /// - Throws: ``EndpointError`` if nobody knows the name.
    package func isLocal() throws(EndpointError) -> Bool {
        guard case .tcp(let host, _) = try listening().transport else { return true }
        return HostAddress.isLoopback(host)
    }

    /// Where processes of this machine reach what listens here.
    package var fromThisMachine: Endpoint {
        guard isWildcard, case .tcp(let host, let port) = transport else { return self }
        return Endpoint(.tcp(host: host == "[::]" ? "[::1]" : "127.0.0.1", port: port))
    }

    /// Where processes of other machines, and of this one, reach what listens here.
    package var fromAnywhere: Endpoint {
        guard isWildcard, case .tcp(_, let port) = transport else { return self }
        let outward = HostAddress.ofThisMachine().first {
            !HostAddress.isLoopback($0.address) && !$0.address.hasPrefix("[fe80:")
        }
        return outward.map { Endpoint(.tcp(host: $0.address, port: port)) } ?? fromThisMachine
    }

    /// Where processes of other machines may reach what listens at every address of this machine: its name, if it has
    /// one in the network, and its addresses; empty for what listens at one.
    package func furtherWays(port: Int?) -> [Endpoint] {
        guard isWildcard, let port else { return [] }
        let addresses = HostAddress.ofThisMachine().map(\.address).filter {
            !HostAddress.isLoopback($0) && !$0.hasPrefix("[fe80:")
        }
        let name = HostAddress.nameOfThisMachine.filter { name in
            HostAddress.addresses(ofHost: name).contains { addresses.contains($0) }
        }
        return (name + addresses).map { Endpoint(.tcp(host: $0, port: port)) }
    }

    /// The name of its host if nobody knows an address of it.
    package var unknownHost: String? {
        guard case .tcp(let host, _) = transport, !isWildcard, !HostAddress.isNumeric(host),
            HostAddress.addresses(ofHost: host).isEmpty
        else { return nil }
        return host
    }

    /// The endpoints to try when connecting, one for each address of the host, which may be reached by one of them
    /// alone.
    package var connecting: [Endpoint] {
        guard case .tcp(let host, let port) = transport, !isWildcard, !HostAddress.isNumeric(host) else {
            return [self]
        }
        let places = HostAddress.addresses(ofHost: host).map { Endpoint(.tcp(host: $0, port: port)) }
        return places.isEmpty ? [self] : places
    }
}
