import Foundation
import Security
import Testing
import Transport

/// What the library asks before it lets somebody in, and what it is told.
@Suite struct ZAPRequestTests {
    /// Changed requests; a million with DRUSE_SLOW_TESTS=1.
    private static let count =
        ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1" ? 1_000_000 : 20_000

    private let key = [UInt8](repeating: 7, count: 32)

    private func frames(
        version: String = "1.0", id: [UInt8] = [1], domain: String = CurveEnd.domain, address: String = "10.0.0.7",
        mechanism: String = "CURVE", credentials: [[UInt8]]
    ) -> [[UInt8]] {
        [Array(version.utf8), id, Array(domain.utf8), Array(address.utf8), [], Array(mechanism.utf8)] + credentials
    }

    @Test func read_request_hasItsKeyAndAddress() throws {
        guard case .request(let request) = ZAPRequest.read(frames(credentials: [key]), domain: CurveEnd.domain) else {
            Issue.record("not read")
            return
        }
        #expect(request.id == [1])
        #expect(request.address == "10.0.0.7")
        #expect(request.key.bytes == key)
    }

    @Test func read_whatMakesNoSense_isAnsweredByNoOrNotAtAll() {
        func reading(_ frames: [[UInt8]]) -> ZAPRequest.Reading { ZAPRequest.read(frames, domain: CurveEnd.domain) }
        // Nobody to answer, or in words that nobody knows.
        #expect(reading([]) == .unreadable)
        #expect(reading([[1]]) == .unreadable)
        #expect(reading(frames(version: "2.0", credentials: [key])) == .unreadable)
        #expect(reading(frames(id: [], credentials: [key])) == .unreadable)
        #expect(reading(frames(id: [UInt8](repeating: 1, count: 256), credentials: [key])) == .unreadable)
        // Another domain, another mechanism, a key that is none, more or fewer frames.
        #expect(reading(frames(domain: "global", credentials: [key])) == .malformed(id: [1]))
        #expect(reading(frames(domain: "", credentials: [key])) == .malformed(id: [1]))
        #expect(reading(frames(mechanism: "NULL", credentials: [])) == .malformed(id: [1]))
        #expect(reading(frames(mechanism: "PLAIN", credentials: [[1], [2]])) == .malformed(id: [1]))
        #expect(reading(frames(credentials: [])) == .malformed(id: [1]))
        #expect(reading(frames(credentials: [Array(key.dropLast())])) == .malformed(id: [1]))
        #expect(reading(frames(credentials: [key + [0]])) == .malformed(id: [1]))
        #expect(reading(frames(credentials: [key, key])) == .malformed(id: [1]))
        #expect(reading(frames(address: String(repeating: "1", count: 256), credentials: [key])) == .malformed(id: [1]))
    }

    @Test func read_mutatedRequests_neverTrap() {
        var state: UInt64 = 1
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var requests = 0
        for _ in 0..<Self.count {
            var some = frames(credentials: [key])
            for _ in 0..<random(3) {
                let place = random(some.count)
                switch random(4) {
                case 0: some.remove(at: place)
                case 1: some.insert([UInt8](repeating: UInt8(random(256)), count: random(300)), at: place)
                case 2 where !some[place].isEmpty: some[place][random(some[place].count)] = UInt8(random(256))
                default: some[place] = Array(some[place].prefix(random(some[place].count + 1)))
                }
                if some.isEmpty { break }
            }
            if case .request = ZAPRequest.read(some, domain: CurveEnd.domain) { requests += 1 }
        }
        #expect((1..<Self.count).contains(requests))
    }

    @Test func answer_hasTheSixFramesOfTheProtocol() {
        let yes = ZAPRequest.frames(.yes(user: "worker KEY"), to: [9])
        #expect(yes.map { String(decoding: $0, as: UTF8.self) } == ["1.0", "\u{9}", "200", "OK", "worker KEY", ""])
        let no = ZAPRequest.frames(.no, to: [9])
        #expect(no.count == 6)
        #expect(String(decoding: no[2], as: UTF8.self) == "400")
        #expect(no[4].isEmpty)
    }
}
