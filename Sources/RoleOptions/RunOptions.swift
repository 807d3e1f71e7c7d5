package import ArgumentParser

/// How a run is begun, shown and ended: the same for the learner and for what launches one.
package struct RunOptions: ParsableArguments {
    @Option(help: "The run's directory; overrides the configuration.")
    package var runDir: String?

    @Flag(help: "Go on with the run of the directory; begin it if there is none yet.")
    package var resume = false

    @Option(help: "The number of versions to train; overrides the configuration.")
    package var versions: Int?

    @Option(help: "The seed of the run; overrides the configuration.")
    package var seed: UInt64?

    @OptionGroup package var settings: SettingOptions

    @Option(
        help: ArgumentHelp(
            "How long the version in hand may take when asked to stop (default: 60).", valueName: "seconds"))
    package var grace: Double?

    @Flag(
        help: ArgumentHelp(
            "Allow to listen where other machines can connect without keys: nothing is encrypted, and nobody is "
                + "authenticated."))
    package var insecure = false

    @Option(
        help: ArgumentHelp(
            "Show the run in a browser, at the address that is printed: --page alone at a port of this machine, or at "
                + "a host and port (Documentation/live-page.md).", valueName: "[host:]port"))
    package var page: String?

    package init() {}

    package func validate() throws {
        guard runDir != "" else { throw ValidationError("--run-dir is empty: name a folder") }
        guard grace.map({ $0 >= 0 }) ?? true else { throw ValidationError("--grace must not be negative") }
    }

    /// How long the version in hand may take, seconds.
    package var graceSeconds: Double { grace ?? 60 }

    /// How long the version in hand may take.
    package var graceTime: Duration { .seconds(min(graceSeconds, 1e9)) }
}
