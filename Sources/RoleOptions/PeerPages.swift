internal import Base
package import Coordination
package import Fleet
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

    /// Serves the metrics of a relay, if it was asked to, and has it tell the learner where.
    ///
    /// - Throws: ``MonitoringError``.
    package func serve(_ configuration: inout RelayConfiguration, logger: Logger) throws {
        let (figures, served) = (LatestValue<PeerFigures>(), LatestValue<RelayCore.Figures>())
        var pages = MetricsServer.Pages.peer(figures, role: .relay)
        pages.metrics = {
            var page = MetricPage()
            if let figures = figures.value, let served = served.value {
                page = MetricPage(ofRelay: figures, served)
            }
            page.addProcess(role: PeerRole.relay.rawValue, version: RoleProcess.build)
            return page
        }
        // Of its two threads neither may stand still.
        pages.health = { .ofLoops([figures.value?.moment, served.value?.moment]) }
        guard let server = try serve(pages, logger: logger) else { return }
        (configuration.peer.figures, configuration.figures) = (figures, served)
        configuration.peer.metrics = "\(server.address)"
    }
}

extension MetricsServer.Health {
    /// A peer whose loop has not turned for so long does not live; it turns several times a second.
    private static let longestSilence = Duration.seconds(60)

    /// - Parameter moments: when each of its loops turned last; nil: it has not begun.
    static func ofLoops(_ moments: [Moment?]) -> MetricsServer.Health {
        let silence = moments.compactMap { $0?.duration(to: .now) }.max() ?? .zero
        return silence < longestSilence ? .good : .bad("it has stood still for \(Int(silence.seconds)) s")
    }
}

extension MetricsServer.Pages {
    /// The pages of an actor or a reward worker.
    static func peer(_ figures: LatestValue<PeerFigures>, role: PeerRole) -> MetricsServer.Pages {
        MetricsServer.Pages(
            metrics: {
                var page = figures.value.map { MetricPage(of: $0) } ?? MetricPage()
                page.addProcess(role: role.rawValue, version: RoleProcess.build)
                return page
            },
            health: { .ofLoops([figures.value?.moment]) },
            readiness: { figures.value?.isLoggedIn == true ? .good : .bad("not logged in at a learner") })
    }
}

extension MetricPage {
    /// The metrics of an actor or a reward worker.
    package init(of figures: PeerFigures) {
        self.init()
        addLogin(figures)
        add(Metrics.resent, [], figures.resent)
        add(Metrics.held, [], figures.inFlight)
        add(Metrics.workThreads, [], figures.threads)
        add(Metrics.peerBusy, [], figures.busySeconds)
        let (crystals, seconds) =
            figures.role == .actor
            ? (Metrics.actorCrystals, Metrics.actorUnit) : (Metrics.workerCrystals, Metrics.workerTask)
        add(crystals, [], figures.crystals)
        let work = figures.workSeconds
        add(seconds, bounds: work.bounds, counts: work.counts, sum: work.sum)
    }

    /// The metrics of a relay: of its login, and of what it hands on.
    package init(ofRelay figures: PeerFigures, _ relay: RelayCore.Figures) {
        self.init()
        addLogin(figures)
        add(Metrics.relayConnections, [], relay.connections)
        add(Metrics.relayCached, [], relay.cachedBytes)
        add(Metrics.relayPulled, [], relay.counters.bytesPulled)
        add(Metrics.relayServed, [], relay.counters.bytesServed)
        add(Metrics.relayPieces, [], relay.counters.piecesServed)
        add(Metrics.relayUnavailable, [], relay.counters.unavailable)
        add(Metrics.relayRejected, [], relay.counters.rejected)
    }

    private mutating func addLogin(_ figures: PeerFigures) {
        add(Metrics.loggedIn, [], figures.isLoggedIn ? 1 : 0)
        add(Metrics.logins, [], figures.logins)
        add(Metrics.peerVersion, [], figures.version.number)
    }
}
