internal import ArgumentParser
package import Base
package import Fleet
package import Logging
package import Monitoring

/// What every role is told of its process: how much it says, and to whom it belongs.
package struct ProcessOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The least severe messages to show: trace, debug, info, notice, warning, error (default: info). DRUSE_LOG "
                + "says the same, such as DRUSE_LOG=debug,json.", valueName: "level"))
    var logLevel: String?

    @Option(
        help: ArgumentHelp(
            "How messages are written: text, or json, an object a line (default: text).", valueName: "format"))
    var logFormat: String?

    @Option(
        help: ArgumentHelp(
            "Add messages to this file rather than write them to standard error; one that is moved away is begun anew.",
            valueName: "file"))
    var logFile: String?

    @Flag(help: ArgumentHelp("Leave when standard input closes; used by druse launch.", visibility: .hidden))
    var exitWithParent = false

    @Option(
        help: ArgumentHelp(
            "Serve Prometheus' metrics by HTTP at this port, with /healthz and /readyz; 0: at a free one "
                + "(Documentation/metrics.md).", valueName: "port"))
    var metricsPort: Int?

    @Option(
        help: ArgumentHelp(
            "Where to serve them; by default this machine alone can read them, with \"*\" whoever can connect.",
            valueName: "host"))
    var metricsHost: String?

    package init() {}

    package func validate() throws {
        if metricsHost != nil, metricsPort == nil {
            throw ValidationError("--metrics-host says where to serve metrics: give --metrics-port, too")
        }
        if metricsHost == "" { throw ValidationError("--metrics-host is empty: name an address or a host") }
        if let metricsPort, !(0...65_535).contains(metricsPort) {
            throw ValidationError("--metrics-port must be in 0...65535, not \(metricsPort)")
        }
    }

    /// Serves pages as long as the process lives, if it was asked to.
    ///
    /// - Throws: ``MonitoringError``.
    package func serve(_ pages: MetricsServer.Pages, logger: Logger) throws -> MetricsServer? {
        guard let metricsPort else { return nil }
        let place = try ServedAddress(host: metricsHost ?? ServedAddress.loopback, port: metricsPort)
        let server = try MetricsServer(at: place, pages: pages)
        logger.info("metrics at http://\(server.address)/metrics")
        return server
    }

    /// Does the program's work and ends the process with the status that tells how it went.
    ///
    /// - Parameters:
    ///   - role: such as `learner`.
    ///   - body: what it does, with what it speaks with; returns the exit status.
    package func perform(_ role: String, _ body: (RoleVoice) throws -> Int32) -> Never {
        RoleProcess.perform(
            role: role, isSupervised: exitWithParent,
            settings: { try LogSettings(level: logLevel, format: logFormat, file: logFile) }, body)
    }

    /// Signals that ask to finish, and the parent's death if the process belongs to one.
    package func stopToken() -> StopToken { RoleProcess.stopToken(exitsWithParent: exitWithParent) }
}
