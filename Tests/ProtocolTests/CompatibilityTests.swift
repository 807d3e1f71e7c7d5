import Base
import FleetFixtures
import Foundation
import Protocol
import Testing

/// The frames of the protocol's number as they were when it was made: a build that reads or writes them otherwise
/// speaks another protocol, and must have another number.
@Suite struct CompatibilityTests {
    private static let file = "protocol-\(WireLimits.protocolVersion)"

    /// The frames by line: "peer" or "hub", then the bytes in hexadecimal.
    private func frames() throws -> (peer: [[UInt8]], hub: [[UInt8]]) {
        let url = try #require(
            Bundle.module.url(forResource: Self.file, withExtension: "txt", subdirectory: "Fixtures"),
            "a new number of the protocol needs its fixture: run this test with DRUSE_WRITE_FRAMES=FILE")
        var frames: (peer: [[UInt8]], hub: [[UInt8]]) = ([], [])
        for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            let digits = words[1].compactMap(\.hexDigitValue)
            let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(16 * digits[$0] + digits[$0 + 1]) }
            if words[0] == "peer" { frames.peer.append(bytes) } else { frames.hub.append(bytes) }
        }
        return frames
    }

    @Test func frames_areReadAndWrittenAsEver() throws {
        let (peer, hub) = (try SampleMessages.peer(), try SampleMessages.hub())
        if let path = ProcessInfo.processInfo.environment["DRUSE_WRITE_FRAMES"] {
            func line(_ kind: String, _ frame: [UInt8]) -> String {
                "\(kind) \(frame.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())\n"
            }
            let text =
                try peer.map { line("peer", try $0.encode(session: 42)) } + hub.map { line("hub", try $0.encode()) }
            try text.joined().write(toFile: path, atomically: true, encoding: .utf8)
        }
        let frames = try frames()
        #expect(frames.peer.count == peer.count && frames.hub.count == hub.count)
        for (frame, message) in zip(frames.peer, peer) {
            let read = try PeerMessage.decode(frame)
            #expect(read.session == 42 && read.message == message)
            #expect(try message.encode(session: 42) == frame)
        }
        for (frame, message) in zip(frames.hub, hub) {
            #expect(try HubMessage.decode(frame) == message)
            #expect(try message.encode() == frame)
        }
    }
}
