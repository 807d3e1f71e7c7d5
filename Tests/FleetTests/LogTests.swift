import Base
import Fleet
import Foundation
import Logging
import Testing
import Trajectories

@Suite struct LogSettingsTests {
    private func settings(_ given: String?, level: String? = nil, format: String? = nil) throws -> LogSettings {
        try LogSettings(level: level, format: format, environment: given.map { [LogSettings.variable: $0] } ?? [:])
    }

    @Test func environment_saysLevelAndFormatInAnyOrder() throws {
        let usual = try settings(nil)
        #expect(usual.level == .info && usual.format == .text)
        let both = try settings("json, debug")
        #expect(both.level == .debug && both.format == .json)
        #expect(try settings("warning").format == .text)
    }

    @Test func options_winOverTheEnvironment() throws {
        let settings = try settings("debug,json", level: "error", format: "text")
        #expect(settings.level == .error && settings.format == .text)
    }

    @Test func unknownWords_areRefusedWithTheChoices() {
        let word = #expect(throws: RoleError.self) { try settings("loud") }
        #expect(word?.description.contains("DRUSE_LOG: there is no loud; the levels are trace") == true)
        let format = #expect(throws: RoleError.self) { try settings(nil, format: "xml") }
        #expect(format?.description.contains("there is no log format xml; the levels are") == true)
        #expect(throws: RoleError.self) { try settings(nil, level: "loud") }
    }

    @Test func peerTitle_isAPlainWord() throws {
        #expect(try PeerTitle.given([PeerTitle.variable: "slurm-17_3.1"]) == "slurm-17_3.1")
        #expect(try PeerTitle.given([:]) == "")
        #expect(throws: RoleError.self) { try PeerTitle.given([PeerTitle.variable: "two words"]) }
        #expect(throws: RoleError.self) { try PeerTitle.given([PeerTitle.variable: String(repeating: "x", count: 61)]) }
    }
}

@Suite struct LogLineTests {
    private let time = Date(timeIntervalSince1970: 1_795_833_384.103)

    @Test func text_isOneRecordWhateverAPeerSent() {
        let line = LogLine(
            time: time, level: .warning, role: "learner", source: "Fleet",
            message: "left: \u{1b}[31mactor\r\n2026-11-28T00:00:00.000Z info learner: forged", fields: ["run": "a"])
        let text = line.text(.text)
        #expect(text.hasPrefix("2026-11-28T"))
        #expect(text.contains("Z warning learner: [Fleet] left: \\u{1b}[31mactor\\u{d}\n  2026"))
        #expect(text.hasSuffix(" run=a"))
    }

    @Test func json_isAnObjectALine() throws {
        let line = LogLine(
            time: time, level: .info, role: "actor", message: "a \"quoted\"\nline",
            fields: ["peers": "3", "level": "x"])
        let text = line.text(.json)
        #expect(!text.contains("\n"))
        let values = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(values["message"] == "a \"quoted\"\nline")
        #expect(values["peers"] == "3" && values["level"] == "info" && values["role"] == "actor")
        #expect(values["time"]?.hasSuffix(".103Z") == true)
    }
}

@Suite struct LogThrottleTests {
    private let start = Moment.now

    @Test func sameMessage_isSaidOnceAndCounted() {
        var throttle = LogThrottle()
        #expect(throttle.note(.warning, "no learner", at: start).isSaid)
        for _ in 0..<7 { #expect(!throttle.note(.warning, "no learner", at: start.advanced(by: .seconds(5))).isSaid) }
        let (before, isSaid) = throttle.note(.info, "logged in", at: start.advanced(by: .seconds(31)))
        #expect(isSaid)
        #expect(before.map(\.text) == ["7 more like this: no learner"] && before.map(\.level) == [.warning])
        #expect(throttle.note(.warning, "no learner", at: start.advanced(by: .seconds(32))).isSaid)
        #expect(throttle.flush().isEmpty)
    }

    @Test func thousandPeers_areTwentyLinesAndANumber() {
        var throttle = LogThrottle()
        let said = (0..<1000).count { throttle.note(.info, "joined: actor node\($0):1", at: start).isSaid }
        #expect(said == LogThrottle.burst)
        #expect(throttle.note(.info, "left: actor node1:1", at: start).isSaid)
        #expect(throttle.flush().map(\.text) == ["980 more like this: joined: actor node999:1"])
    }

    @Test func otherLevelsAndDetails_areNotHeldBack() {
        var throttle = LogThrottle()
        #expect(throttle.note(.info, "a", at: start).isSaid && throttle.note(.error, "a", at: start).isSaid)
        for _ in 0..<100 { #expect(throttle.note(.debug, "a", at: start).isSaid) }
    }
}

@Suite struct LogOutputTests {
    @Test func movedFile_isBegunAnew() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (file, old) = (folder.appending(path: "log"), folder.appending(path: "log.1"))
        let output = try LogOutput(format: .json, file: file.path)
        let now = Moment.now
        func say(_ text: String, after seconds: Int) {
            output.write(LogLine(level: .info, role: "actor", message: text), at: now.advanced(by: .seconds(seconds)))
        }
        say("first", after: 0)
        try FileManager.default.moveItem(at: file, to: old)
        say("second", after: 2)
        say("second", after: 3)
        output.flush(role: "actor")
        func messages(_ url: URL) throws -> [String] {
            try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
                let object = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String]
                return object?["message"] ?? ""
            }
        }
        #expect(try messages(old) == ["first"])
        #expect(try messages(file) == ["second", "1 more like this: second"])
    }

    @Test func fileThatCannotBeOpened_isAnError() {
        #expect(throws: SystemError.self) { try LogOutput(format: .text, file: "/nowhere/at/all/log") }
    }
}
