internal import Base
package import Foundation
internal import HTTP

/// Serves a process' metrics, whether it lives and whether it is ready, by HTTP, to whoever asks; nothing can be
/// changed by it.
///
/// It runs on threads of its own and reads values that the role renews anyway: a slow or dead reader holds nobody up.
package final class MetricsServer: Sendable {
    /// What an answer says of the process.
    package enum Health: Sendable, Hashable {
        case good
        /// With the reason.
        case bad(String)
    }

    /// What is served.
    package struct Pages: Sendable {
        /// `/metrics`
        package var metrics: @Sendable () -> MetricPage
        /// `/healthz`: whether it lives; one that does not is to be started again.
        package var health: @Sendable () -> Health
        /// `/readyz`: whether it does its work.
        package var readiness: @Sendable () -> Health
        /// `/status.json`: the status of a run; nil: there is none.
        package var status: (@Sendable () -> Data?)?

        package init(
            metrics: @escaping @Sendable () -> MetricPage, health: @escaping @Sendable () -> Health,
            readiness: @escaping @Sendable () -> Health, status: (@Sendable () -> Data?)? = nil
        ) {
            self.metrics = metrics
            self.health = health
            self.readiness = readiness
            self.status = status
        }
    }

    /// Where others find it.
    package let address: ServedAddress
    private let server: HTTPServer

    /// Begins to serve.
    ///
    /// - Throws: ``MonitoringError``, `SystemError`.
    package init(at place: ServedAddress, pages: Pages) throws {
        let socket = try place.listen()
        address = place.served(port: socket.port)
        let handler = PageHandler(pages: pages)
        server = try HTTPServer(socket: socket) { handler.answer($0) }
    }

    /// Ends it; answers under way are cut off.
    package func close() { server.stop() }
}

/// Answers requests for the pages.
private struct PageHandler: Sendable {
    let pages: MetricsServer.Pages

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        switch request.path {
        case "/metrics": return answer(Data(pages.metrics().text.utf8), MetricPage.contentType)
        case "/healthz": return answer(pages.health())
        case "/readyz": return answer(pages.readiness())
        case "/status.json":
            guard let status = pages.status else { break }
            guard let json = status() else { return HTTPResponse(.busy, text: "there is no status yet") }
            return answer(json, "application/json")
        case "/":
            let others = pages.status == nil ? "" : " /status.json"
            return HTTPResponse(.ok, text: "/metrics /healthz /readyz\(others)")
        default: break
        }
        return HTTPResponse(.notFound, text: "there is no such page")
    }

    private func answer(_ health: MetricsServer.Health) -> HTTPResponse {
        switch health {
        case .good: HTTPResponse(.ok, text: "ok")
        case .bad(let reason): HTTPResponse(.busy, text: reason)
        }
    }

    private func answer(_ body: Data, _ type: String) -> HTTPResponse {
        HTTPResponse(type: type, headers: [("Cache-Control", "no-store")], body: .data(body))
    }
}
