import Foundation
import ProgramFixtures
import Testing

/// What roles log, for people and for machines.
@Suite struct RoleLogTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// An actor that finds no learner and gives up.
    private func actor(_ environment: String, _ options: String) async throws -> DruseProcess.Outcome {
        let program = DruseProcess.executable("actor").path
        return try await OwnThread.run {
            try DruseProcess.run(
                executable: URL(filePath: "/bin/sh"),
                [
                    "-c", "\(environment) exec \"$0\" --connect tcp://127.0.0.1:1 --patience 0.2 \(options)", program,
                ])
        }
    }

    private func records(_ text: String) throws -> [[String: String]] {
        try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
            return try #require(object, "\(line)")
        }
    }

    @Test(arguments: [("", "--log-format json"), ("DRUSE_LOG=debug,json", ""), ("DRUSE_LOG=json", "--log-level info")])
    func json_everyLineIsARecordToTheLast(environment: String, options: String) async throws {
        let outcome = try await actor(environment, options)
        #expect(outcome.status == 1)
        let records = try records(outcome.messages)
        let last = try #require(records.last)
        #expect(last["level"] == "error" && last["role"] == "actor")
        #expect(last["message"]?.contains("127.0.0.1:1") == true, "\(last)")
        #expect(records.allSatisfy { $0["time"]?.hasSuffix("Z") == true })
    }

    @Test func text_endsWithOneLineForPeople() async throws {
        let outcome = try await actor("DRUSE_LOG=json", "--log-format text")
        #expect(outcome.messageLines.last?.hasPrefix("Error: ") == true, "\(outcome.messages)")
    }

    @Test func wrongWords_areOneLine() async throws {
        let environment = try await actor("DRUSE_LOG=shout", "")
        #expect(environment.status == 1 && environment.messageLines.count == 1)
        #expect(environment.messages.contains("DRUSE_LOG: there is no shout; the levels are trace"))
        let option = try await actor("", "--log-format xml")
        #expect(option.messages.contains("there is no log format xml"), "\(option.messages)")
        let name = try await actor("DRUSE_NAME='two words'", "")
        #expect(name.status == 1 && name.messages.contains("DRUSE_NAME"), "\(name.messages)")
    }

    @Test func logFile_hasWhatIsLogged() async throws {
        let file = folder.path("actor.log")
        let outcome = try await actor("", "--log-level debug --log-file '\(file)'")
        #expect(outcome.status == 1 && outcome.messageLines.count == 1)
        #expect(FileManager.default.fileExists(atPath: file))
    }
}
