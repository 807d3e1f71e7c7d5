internal import Base
package import Foundation
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection as whoever answers on it sees it; used by the connection's thread alone.
package struct HTTPStream: Sendable {
    let descriptor: Int32
    let stop: StopFlag

    /// Tells all connections to end.
    final class StopFlag: Sendable {
        private let isSet = Atomic(false)
        func set() { isSet.store(true, ordering: .releasing) }
        var isStopped: Bool { isSet.load(ordering: .acquiring) }
    }

    /// Hands bytes to the system; false if the client is gone, or takes nothing for as long as the socket waits.
    package func write(_ data: Data) -> Bool { Self.write(data, to: descriptor) }

    /// Whether whoever answers is told to end.
    package var isStopped: Bool { stop.isStopped }

    /// Hands bytes to the system; false if the other side is gone, or takes nothing for as long as the socket waits.
    package static func write(_ data: Data, to descriptor: Int32) -> Bool {
        data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Bool in
            var done = 0
            while done < bytes.count, let start = bytes.baseAddress {
                let count = send(descriptor, start + done, bytes.count - done, Int32(MSG_NOSIGNAL))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    /// Waits, and says whether the client is still there and nobody has told to end.
    package func pause(_ duration: Duration) -> Bool {
        let end = ContinuousClock.now + duration
        while !stop.isStopped {
            let left = (end - .now).seconds
            if left <= 0 { return true }
            // The stop closes the socket for reading, which ends the wait.
            switch HTTPStream.wait(descriptor, for: POLLIN, seconds: left) {
            case .ready: return false
            case .timedOut: return !stop.isStopped
            case .failed: return false
            }
        }
        return false
    }

    enum Readiness { case ready, timedOut, failed }

    /// Waits for a socket to have something to read, or to have ended.
    static func wait(_ descriptor: Int32, for events: Int32, seconds: Double) -> Readiness {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let count = poll(&entry, 1, Int32(min(max(seconds * 1000, 0).rounded(.up), 3.6e6)))
        if count < 0 { return errno == EINTR ? .timedOut : .failed }
        return count > 0 ? .ready : .timedOut
    }
}
