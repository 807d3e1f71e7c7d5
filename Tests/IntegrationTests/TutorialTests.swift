import Foundation
import ProgramFixtures
import Testing

/// What the tutorial says is what happens.
@Suite(.serialized, .fewAtOnce, .timeLimit(.minutes(20))) struct TutorialTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Scripts/try-tutorial")
    private static let isSlow = ProcessInfo.processInfo.environment["DRUSE_SLOW_TESTS"] == "1"

    @Test(.enabled(if: isSlow, "slow: DRUSE_SLOW_TESTS=1")) func laptopPart_doesWhatItSays() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await DruseProcess.run(executable: Self.script, [folder.path("tutorial")])
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.messages)")
        #expect(outcome.output.contains("all of it works"))
    }
}
