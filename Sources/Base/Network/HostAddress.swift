#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Addresses of hosts as ZeroMQ reads them: IPv4 with dots, IPv6 in brackets.
package enum HostAddress {
    /// Whether the text is an address, rather than a name.
    static func isNumeric(_ host: String) -> Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return true }
        guard host.hasPrefix("["), host.hasSuffix("]") else { return false }
        var six = in6_addr()
        // A zone, such as in fe80::1%eth0, is not part of the address.
        let address = host.dropFirst().dropLast().prefix { $0 != "%" }
        return inet_pton(AF_INET6, String(address), &six) == 1
    }

    /// Whether only this machine can connect to an address.
    static func isLoopback(_ address: String) -> Bool {
        let bare = address.hasPrefix("[::ffff:") ? String(address.dropFirst(8).dropLast()) : address
        return bare.hasPrefix("127.") && isNumeric(bare) || address == "[::1]"
    }

    /// The addresses of a host by name, those of IPv4 first; empty if nobody knows it.
    package static func addresses(ofHost name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next {
            if let text = text(of: entry.pointee.ai_addr), !found.contains(text) { found.append(text) }
            next = entry.pointee.ai_next
        }
        return found.filter { !$0.hasPrefix("[") } + found.filter { $0.hasPrefix("[") }
    }

    /// The addresses of this machine's network interfaces that are up, with the interfaces' names, those of IPv4 first.
    static func ofThisMachine() -> [(interface: String, address: String)] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [(interface: String, address: String)] = []
        var next = list
        while let entry = next {
            let isUp = entry.pointee.ifa_flags & UInt32(IFF_UP) != 0
            if isUp, let text = text(of: entry.pointee.ifa_addr) {
                found.append((String(cString: entry.pointee.ifa_name), text))
            }
            next = entry.pointee.ifa_next
        }
        return found.filter { !$0.address.hasPrefix("[") } + found.filter { $0.address.hasPrefix("[") }
    }

    /// What this machine calls itself: one name, or none.
    static var nameOfThisMachine: [String] {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? [] : [name]
    }

    /// An address as text; nil if it is of neither kind.
    private static func text(of address: UnsafeMutablePointer<sockaddr>?) -> String? {
        guard let address else { return nil }
        let family = Int32(address.pointee.sa_family)
        let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        guard family == AF_INET || family == AF_INET6 else { return nil }
        var buffer = [CChar](repeating: 0, count: 1024)
        guard getnameinfo(address, socklen_t(size), &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return family == AF_INET ? text : "[\(text)]"
    }
}
