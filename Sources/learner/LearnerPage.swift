import Archive
import Fleet
import Foundation
import LivePage

/// The page of a run while its learner runs.
struct LearnerPage: Sendable {
    private let page: Page

    /// Begins to answer; what the learner of this process has not begun to write is not there yet.
    init(socket: PageSocket, runDirectory: URL) throws {
        let directory = try RunDirectory.open(at: runDirectory)
        page = try Page(
            runs: [directory], socket: socket, token: ProcessInfo.processInfo.environment[Page.tokenVariable],
            build: RoleProcess.build)
    }

    /// The address for a browser.
    var invitation: String { page.invitation }

    /// Viewers are told that it is the end.
    func close() { page.close() }
}
