internal import Base
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A small server of HTTP/1.1: one thread that accepts, one for each connection, all bounded.
///
/// A client that sends slowly, endlessly or nothing, or that reads nothing, loses its connection; what too many of them
/// can do is to keep others out. Whatever happens here, the process it runs in goes on.
package final class HTTPServer: Sendable {
    /// What one client, and all together, may take.
    package struct Limits: Sendable {
        /// Connections at a time; a browser has six for a page.
        package var connections = 64
        /// Bytes of a request's head.
        package var headBytes = 16 << 10
        /// For a head to come in from its first byte on.
        package var headTime: Duration = .seconds(10)
        /// A connection without a request.
        package var idleTime: Duration = .seconds(30)
        /// For a client to take any of an answer.
        package var writeTime: Duration = .seconds(10)
        /// Requests over one connection.
        package var requestsPerConnection = 1000

        package init() {}
    }

    package typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

    /// Connections beyond the limit that are told so.
    private static let turnedAway = 16

    private struct State {
        var open: Set<Int32> = []
        var threads: [RoleThread] = []
    }

    private let socket: HTTPSocket
    private let limits: Limits
    private let handler: Handler
    private let flag = HTTPStream.StopFlag()
    private let wakeup: Wakeup
    private let state = Mutex(State())
    private let acceptor = Mutex<RoleThread?>(nil)

    /// Begins to answer, and goes on until it is stopped, whoever holds on to it.
    ///
    /// - Parameter socket: closed with the server.
    /// - Throws: `SystemError` if the process is out of descriptors.
    package init(socket: HTTPSocket, limits: Limits = Limits(), handler: @escaping Handler) throws {
        self.socket = socket
        self.limits = limits
        self.handler = handler
        wakeup = try Wakeup()
        let thread = RoleThread(name: "http") { self.accept() }
        acceptor.withLock { $0 = thread }
    }

    /// Ends all connections and waits for their threads.
    package func stop() {
        flag.set()
        wakeup.signal()
        acceptor.withLock { $0 }?.join(timeout: .seconds(10))
        let threads = state.withLock { state in
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RD)) }
            return state.threads
        }
        for thread in threads { thread.join(timeout: .seconds(5)) }
        socket.close()
    }

    private func accept() {
        while !flag.isStopped {
            var entries = [
                pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // A minute at most, then looks again whether to go on.
            guard poll(&entries, 2, 60_000) > 0 else { continue }
            if flag.isStopped { return }
            guard entries[0].revents != 0 else { continue }
            let client = acceptClient()
            guard client >= 0 else {
                // Out of descriptors: those that are open end some day.
                if errno == EMFILE || errno == ENFILE { _ = poll(nil, 0, 100) }
                continue
            }
            serve(client)
        }
    }

    private func acceptClient() -> Int32 {
        let client = Glibc.accept(socket.descriptor, nil, nil)
        guard client >= 0 else { return client }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        var time = timeval(tv_sec: Int(max(1, limits.writeTime.seconds)), tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return client
    }

    private func serve(_ client: Int32) {
        let isTaken: Bool? = state.withLock { state in
            // Some more are told that there are too many; the rest finds the door closed.
            guard state.open.count < limits.connections + Self.turnedAway else { return nil }
            state.open.insert(client)
            state.threads.removeAll { $0.join(timeout: .zero) }
            return state.open.count <= limits.connections
        }
        guard let isTaken else {
            close(client)
            return
        }
        let thread = RoleThread(name: "http connection") { [weak self] in
            if isTaken { self?.answer(client) } else { self?.turnAway(client) }
            self?.state.withLock { state in
                state.open.remove(client)
                close(client)
            }
        }
        state.withLock { $0.threads.append(thread) }
    }

    /// Reads what the client asks before it answers: what is not read when a connection is closed takes the answer
    /// with it.
    private func turnAway(_ client: Int32) {
        var buffer: [UInt8] = []
        guard (try? nextRequest(client, &buffer, within: limits.headTime)) != nil else { return }
        _ = send(
            HTTPResponse(.busy, text: "too many connections: try again in a minute"),
            to: HTTPStream(descriptor: client, stop: flag), isHead: false, keepsConnection: false)
    }

    private func answer(_ client: Int32) {
        let stream = HTTPStream(descriptor: client, stop: flag)
        var buffer: [UInt8] = []
        for _ in 0..<limits.requestsPerConnection where !flag.isStopped {
            do {
                guard let request = try nextRequest(client, &buffer, within: limits.idleTime) else { return }
                let response = handler(request)
                let keeps = request.keepsConnection && !response.endsConnection
                guard send(response, to: stream, isHead: request.isHead, keepsConnection: keeps), keeps else { return }
            } catch {
                _ = send(
                    HTTPResponse(error.status, text: error.status.phrase), to: stream, isHead: false,
                    keepsConnection: false)
                return
            }
        }
    }

    private func send(
        _ response: HTTPResponse, to stream: HTTPStream, isHead: Bool, keepsConnection: Bool
    ) -> Bool {
        guard stream.write(response.head(keepsConnection: keepsConnection)) else { return false }
        if isHead { return true }
        switch response.body {
        case .data(let data): return data.isEmpty || stream.write(data)
        case .stream(let body):
            body(stream)
            return true
        }
    }

    /// Reads until the empty line; nil if the client has ended, or asks nothing for too long.
    private func nextRequest(
        _ client: Int32, _ buffer: inout [UInt8], within idleTime: Duration
    ) throws(HTTPRequest.Problem) -> HTTPRequest? {
        var deadline = ContinuousClock.now + (buffer.isEmpty ? idleTime : limits.headTime)
        let end = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            if let place = Self.firstRange(of: end, in: buffer, from: searched) {
                let head = Array(buffer[..<place])
                buffer.removeFirst(place + end.count)
                return try HTTPRequest(head: head)
            }
            searched = max(0, buffer.count - end.count)
            guard buffer.count <= limits.headBytes else { throw HTTPRequest.Problem(status: .headTooLarge) }
            let left = (deadline - ContinuousClock.now).seconds
            guard left > 0 else {
                if buffer.isEmpty { return nil }
                throw HTTPRequest.Problem(status: .timeout)
            }
            guard HTTPStream.wait(client, for: POLLIN, seconds: left) == .ready else { continue }
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = recv(client, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0, !flag.isStopped else { return nil }
            if buffer.isEmpty { deadline = .now + limits.headTime }
            buffer += piece[..<count]
        }
    }

    private static func firstRange(of end: [UInt8], in buffer: [UInt8], from start: Int) -> Int? {
        guard buffer.count >= end.count, start <= buffer.count - end.count else { return nil }
        return (start...(buffer.count - end.count)).first { buffer[$0...].starts(with: end) }
    }
}
