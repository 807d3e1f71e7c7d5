import Foundation

/// One end of the connection between a reward worker and its engine child: frames, each after its length.
///
/// Thread rule: one thread receives; sends are serialised by the owner.
package struct EngineSocket: Sendable {
    /// The largest frame, bytes; far beyond what a task or its results take.
    private static let frameBytes = 64 << 20

    package let descriptor: Int32

    /// Sends a frame; false if the other end is gone.
    package func send(_ payload: [UInt8]) -> Bool {
        var frame = withUnsafeBytes(of: UInt32(payload.count).littleEndian) { Array($0) }
        frame += payload
        return frame.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = Foundation.send(
                    descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                if count == -1, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// The next frame; nil if the other end is gone, or sends no frames.
    package func receive() -> [UInt8]? {
        guard let header = receive(count: 4) else { return nil }
        let count = header.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard count <= Self.frameBytes else { return nil }
        return receive(count: count)
    }

    private func receive(count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let read = recv(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, 0)
                if read == -1, errno == EINTR { continue }
                guard read > 0 else { return }
                filled += read
            }
        }
        return bytes.count == count ? bytes : nil
    }
}
