import Archive
import Fleet
import Foundation
import LivePage
import Monitoring

/// The page of a run while its learner runs.
struct LearnerPage: Sendable {
    private let page: Page

    /// Begins to answer: from the board what the learner knows at this moment, the rest from the directory.
    init(socket: PageSocket, runDirectory: URL, board: StatusBoard) throws {
        let directory = try RunDirectory.open(at: runDirectory)
        page = try Page(
            runs: [directory], socket: socket, token: ProcessInfo.processInfo.environment[Page.tokenVariable],
            build: RoleProcess.build, board: board)
    }

    /// The address for a browser, as it may be printed.
    var announcement: String { page.announcement }

    /// Where the page is to listen.
    ///
    /// - Parameter isForPeople: whether people read what the program prints.
    /// - Throws: ``PageError``.
    static func socket(_ text: String, isForPeople: Bool) throws -> PageSocket {
        let address = try PageAddress(text)
        _ = try Page.needsToken(at: address, isForPeople: isForPeople)
        return try PageSocket(address)
    }

    /// Viewers are told that it is the end.
    func close() { page.close() }
}
