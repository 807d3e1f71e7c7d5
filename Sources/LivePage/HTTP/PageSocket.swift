internal import Base
internal import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where the page listens.
package final class PageSocket: Sendable {
    let descriptor: Int32
    /// With the port that it got.
    package let address: PageAddress

    /// The clients that may wait to be accepted.
    private static let backlog: Int32 = 64

    /// Binds to the address; where it leaves the port open, to a usual one if that is free, else to any.
    ///
    /// - Throws: ``PageError`` if another process has the port, or the host is not one of this machine.
    package init(_ address: PageAddress) throws(PageError) {
        let ports = address.port == 0 ? [PageAddress.usualPort, 0] : [address.port]
        var problem = ""
        for port in ports {
            switch Self.bound(address.bindingHost, port) {
            case .success(let socket):
                descriptor = socket.descriptor
                self.address = PageAddress(host: address.host, bindingHost: address.bindingHost, port: socket.port)
                return
            case .failure(let error): problem = error.reason
            }
        }
        throw .listening(address: "\(address)", reason: problem)
    }

    private struct Failure: Error {
        let reason: String
        init() { reason = String(cString: strerror(errno)) }
        init(_ reason: String) { self.reason = reason }
    }

    private static func bound(_ host: String, _ port: Int) -> Result<(descriptor: Int32, port: Int), Failure> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        let code = getaddrinfo(bare, "\(port)", &hints, &list)
        guard code == 0, let entry = list else { return .failure(Failure(String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        let descriptor = socket(entry.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return .failure(Failure()) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0, listen(descriptor, backlog) == 0
        else {
            let failure = Failure()
            Glibc.close(descriptor)
            return .failure(failure)
        }
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return .success((descriptor, Self.port(of: descriptor) ?? port))
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
