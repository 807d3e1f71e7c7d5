internal import Base
internal import FlyingFox
internal import FlyingSocks
package import Foundation

/// Serves a process' metrics, whether it lives and whether it is ready, by HTTP, to whoever asks; nothing can be
/// changed by it.
///
/// It runs on Swift's own threads, beside those of the role, and reads values that the role renews anyway: a slow or
/// dead reader holds nobody up.
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
    private let task: Task<Void, Never>

    private static let patience = Duration.seconds(10)

    /// Begins to serve; waits until it listens.
    ///
    /// - Throws: ``MonitoringError``.
    package init(at place: ServedAddress, pages: Pages) throws(MonitoringError) {
        let socket = try place.socketAddress()
        let server = HTTPServer(address: socket, timeout: 10, logger: .disabled, handler: PageHandler(pages: pages))
        let begun = Mailbox<Result<Int, MonitoringError>>(capacity: 4)
        task = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do { try await server.run() } catch {
                        _ = begun.post(.failure(.listen("\(place)", reason: Self.reason(of: error))))
                    }
                }
                group.addTask {
                    do {
                        try await server.waitUntilListening(timeout: Self.patience.seconds)
                        switch await server.listeningAddress {
                        case .ip4(_, let port), .ip6(_, let port): _ = begun.post(.success(Int(port)))
                        default: _ = begun.post(.failure(.listen("\(place)", reason: "it has no port")))
                        }
                    } catch {
                        // What keeps it from listening says so itself.
                    }
                }
            }
        }
        switch begun.receive(timeout: Self.patience) {
        case .success(let port): address = place.served(port: port)
        case .failure(let error):
            task.cancel()
            throw error
        case nil:
            task.cancel()
            throw .listen("\(place)", reason: "it did not begin to listen")
        }
    }

    /// Ends it; answers under way are cut off.
    package func close() { task.cancel() }

    private static func reason(of error: any Error) -> String {
        if case SocketError.failed(_, let code, let message) = error {
            return code == EADDRINUSE ? "the port is taken" : message
        }
        return "\(error)"
    }
}

/// Answers requests for the pages.
private struct PageHandler: HTTPHandler {
    let pages: MetricsServer.Pages

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard request.method == .GET || request.method == .HEAD else {
            return answer(.methodNotAllowed, "only GET is answered here\n")
        }
        switch request.path {
        case "/metrics": return answer(.ok, pages.metrics().text, MetricPage.contentType)
        case "/healthz": return answer(pages.health())
        case "/readyz": return answer(pages.readiness())
        case "/status.json":
            guard let status = pages.status else { break }
            guard let json = status() else { return answer(.serviceUnavailable, "there is no status yet\n") }
            return answer(.ok, json, "application/json")
        case "/":
            let others = pages.status == nil ? "" : " /status.json"
            return answer(.ok, "/metrics /healthz /readyz\(others)\n")
        default: break
        }
        return answer(.notFound, "there is no such page\n")
    }

    private func answer(_ health: MetricsServer.Health) -> HTTPResponse {
        switch health {
        case .good: answer(.ok, "ok\n")
        case .bad(let reason): answer(.serviceUnavailable, reason + "\n")
        }
    }

    private func answer(
        _ code: HTTPStatusCode, _ text: String, _ type: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse { answer(code, Data(text.utf8), type) }

    private func answer(_ code: HTTPStatusCode, _ body: Data, _ type: String) -> HTTPResponse {
        HTTPResponse(
            statusCode: code,
            headers: [
                .contentType: type, HTTPHeader("Cache-Control"): "no-store",
                HTTPHeader("X-Content-Type-Options"): "nosniff",
            ], body: body)
    }
}
