internal import Base
internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a server listens.
package final class HTTPSocket: Sendable {
    /// Why there is none.
    package enum Problem: Error, Sendable, Hashable {
        /// It is no address of this machine, and no name that has one.
        case host(reason: String)
        case portTaken
        case system(reason: String)

        package var reason: String {
            switch self {
            case .host(let reason), .system(let reason): reason
            case .portTaken: "the port is taken"
            }
        }
    }

    let descriptor: Int32
    /// The port that it got.
    package let port: Int

    /// The clients that may wait to be accepted.
    private static let backlog: Int32 = 64

    /// Binds to the first of some ports that is free.
    ///
    /// - Parameters:
    ///   - host: An address, or a name of this machine.
    ///   - ports: 0: any that is free.
    package init(host: String, ports: [Int]) throws(Problem) {
        var problem = Problem.system(reason: "no port is named")
        for port in ports {
            switch Self.bound(host, port) {
            case .success(let socket):
                (descriptor, self.port) = socket
                return
            case .failure(let error): problem = error
            }
        }
        throw problem
    }

    private static func bound(_ host: String, _ port: Int) -> Result<(descriptor: Int32, port: Int), Problem> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let code = getaddrinfo(bare, "\(port)", &hints, &list)
        guard code == 0, let entry = list else { return .failure(.host(reason: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(entry.pointee.ai_family, kind, 0)
        guard descriptor >= 0 else { return .failure(last) }
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0, listen(descriptor, backlog) == 0
        else {
            let problem = last
            Glibc.close(descriptor)
            return .failure(problem)
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return .success((descriptor, Self.port(of: descriptor) ?? port))
    }

    /// What the system said last.
    private static var last: Problem {
        switch errno {
        case EADDRINUSE: .portTaken
        case EADDRNOTAVAIL: .host(reason: String(cString: strerror(EADDRNOTAVAIL)))
        case let code: .system(reason: String(cString: strerror(code)))
        }
    }

    private static func port(of descriptor: Int32) -> Int? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &storage) { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                getsockname(descriptor, start, &size) == 0
            else { return nil }
            // The port stands at the same place in both families, most significant byte first.
            return Int(bytes[2]) << 8 | Int(bytes[3])
        }
    }

    package func close() { Glibc.close(descriptor) }
}
