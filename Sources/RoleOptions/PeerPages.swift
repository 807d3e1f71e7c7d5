internal import Base
package import Coordination
internal import Fleet
package import Logging
package import Monitoring
package import Trajectories

extension ProcessOptions {
    /// Serves the metrics of a peer, if it was asked to, and has it tell the learner where.
    ///
    /// - Throws: ``MonitoringError``.
    package func serve(_ configuration: inout PeerConfiguration, as role: PeerRole, logger: Logger) throws {
        let figures = LatestValue<PeerFigures>()
        guard let server = try serve(.peer(figures, role: role), logger: logger) else { return }
        configuration.figures = figures
        configuration.metrics = "\(server.address)"
    }
}

extension MetricsServer.Pages {
    /// A peer whose loop has not turned for so long does not live; it turns several times a second.
    private static let longestSilence = Duration.seconds(60)

    /// The pages of an actor or a reward worker.
    static func peer(_ figures: LatestValue<PeerFigures>, role: PeerRole) -> MetricsServer.Pages {
        MetricsServer.Pages(
            metrics: {
                var page = figures.value.map { MetricPage(of: $0) } ?? MetricPage()
                page.addProcess(role: role.rawValue, version: RoleProcess.build)
                return page
            },
            health: {
                guard let silence = figures.value?.moment.duration(to: .now) else { return .good }
                return silence < longestSilence ? .good : .bad("it has stood still for \(Int(silence.seconds)) s")
            },
            readiness: { figures.value?.isLoggedIn == true ? .good : .bad("not logged in at a learner") })
    }
}

extension MetricPage {
    /// The metrics of an actor or a reward worker.
    package init(of figures: PeerFigures) {
        self.init()
        add(Metrics.loggedIn, [], figures.isLoggedIn ? 1 : 0)
        add(Metrics.logins, [], figures.logins)
        add(Metrics.resent, [], figures.resent)
        add(Metrics.held, [], figures.inFlight)
        add(Metrics.workThreads, [], figures.threads)
        add(Metrics.peerBusy, [], figures.busySeconds)
        add(Metrics.peerVersion, [], figures.version.number)
        let (crystals, seconds) =
            figures.role == .actor
            ? (Metrics.actorCrystals, Metrics.actorUnit) : (Metrics.workerCrystals, Metrics.workerTask)
        add(crystals, [], figures.crystals)
        let work = figures.workSeconds
        add(seconds, bounds: work.bounds, counts: work.counts, sum: work.sum)
    }
}
