import Foundation
import ProgramFixtures
import Testing

/// `druse` under the names of the other programs, as a package has them.
@Suite struct ProgramNameTests {
    @Test(arguments: ["actor", "learner", "reward-worker"])
    func druse_calledByTheNameOfAnotherProgram_isThatProgram(name: String) throws {
        let folder = try TemporaryFolder()
        let link = folder.path(name)
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: DruseProcess.executable().path)
        let called = try DruseProcess.run(executable: URL(filePath: link), ["--help"])
        let own = try DruseProcess.run(program: name, ["--help"])
        #expect(own.status == 0 && own.output.contains("USAGE: \(name) "))
        #expect(called.status == 0 && called.output == own.output, "\(called.messages)")
    }

    /// A reward worker starts the file that it is, and not the name that it was called by.
    @Test func druse_withTheArgumentOfAnEngineChild_isOneUntilItsWorkerIsGone() throws {
        let child = try DruseProcess.run(["--engine-child", "1"])
        #expect(child.status == 0 && child.output.isEmpty && child.messages.isEmpty, "\(child.messages)")
    }
}
