internal import Base
package import Foundation

extension MetricsServer.Pages {
    /// A learner whose hub has not been looked at for so long does not live.
    private static let longestSilence = 120.0

    /// The pages of a learner.
    ///
    /// - Parameters:
    ///   - build: of the program.
    ///   - now: the time.
    package static func learner(
        _ board: StatusBoard, build: String, now: @escaping @Sendable () -> Date = { Date() }
    ) -> MetricsServer.Pages {
        MetricsServer.Pages(
            metrics: {
                var page = board.status.map { MetricPage(of: $0) } ?? MetricPage()
                page.addProcess(role: "learner", version: build)
                return page
            },
            health: {
                guard let status = board.status, status.endpoint != nil else { return .good }
                let silence = now().timeIntervalSince(status.time)
                if silence < longestSilence || status.isOver { return .good }
                return .bad("the hub has not been heard of for \(Int(silence)) s")
            },
            readiness: {
                guard let status = board.status, status.endpoint != nil else { return .bad("the learner starts") }
                return status.isOver ? .bad("the run is over") : .good
            }, status: { board.status.flatMap { try? $0.json() } })
    }
}

extension RunStatus {
    /// Whether its learner has ended.
    package var isOver: Bool { [.finished, .stopped, .failed].contains(state) }
}
