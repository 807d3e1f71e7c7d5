package import Archive
internal import Base
internal import Foundation
package import HTTP
package import Monitoring

/// The page of one or several runs, as long as it is open.
///
///     let page = try Page(runs: [directory], socket: PageSocket(PageAddress("8642")), token: nil, build: build)
///     print(page.invitation)
///     page.close()
package final class Page: Sendable {
    package let address: PageAddress
    private let server: HTTPServer
    private let access: PageAccess
    private let isTokenGiven: Bool

    /// The variable of the environment that can hold the token, out of sight of other users.
    package static let tokenVariable = "DRUSE_PAGE_TOKEN"

    /// Whether a token has to be made: other machines can connect, and the environment has none.
    ///
    /// - Parameter isForPeople: whether people read what the program prints: a token that is made must be told, and
    ///   must not stand in what a system collects.
    /// - Throws: ``PageError/token(reason:)`` where it could not be told.
    package static func needsToken(at address: PageAddress, isForPeople: Bool) throws(PageError) -> Bool {
        guard !address.isLocal, ProcessInfo.processInfo.environment[tokenVariable] == nil else { return false }
        guard isForPeople else {
            throw PageError.token(
                reason: "has to be given by \(tokenVariable) where the log is JSON: one that is made here would stand "
                    + "in it")
        }
        return true
    }

    /// Begins to answer.
    ///
    /// - Parameters:
    ///   - socket: Closed with the page, and where it cannot be opened.
    ///   - token: What viewers must know; nil: where other machines can connect, one is made.
    ///   - board: Where a learner of this process puts up the status of the first run.
    /// - Throws: ``PageError``, ``SystemError``.
    package init(
        runs: [RunDirectory], socket: PageSocket, token: String?, build: String, board: StatusBoard? = nil,
        limits: HTTPServer.Limits = HTTPServer.Limits()
    ) throws {
        self.address = socket.address
        isTokenGiven = token != nil
        do {
            access = try PageAccess(address: socket.address, token: token)
            let views = runs.enumerated().map { index, run in
                RunView(key: "\(index)", directory: run, board: index == 0 ? board : nil)
            }
            let routes = try PageRoutes(runs: views, access: access, build: build)
            server = try HTTPServer(socket: socket.socket, limits: limits) { routes.answer($0) }
        } catch {
            socket.close()
            throw error
        }
    }

    /// Where to look, with the token if one is asked for.
    package var invitation: String { address.url + (access.token.map { "?token=\($0)" } ?? "") }

    /// What may be printed: with the token where it was made here, so that somebody knows it; one that was given is
    /// known already, and stays out of logs.
    package var announcement: String { isTokenGiven ? address.url : invitation }

    /// Whether viewers need a token.
    package var asksForToken: Bool { access.token != nil }

    /// Ends all connections.
    package func close() { server.stop() }
}
