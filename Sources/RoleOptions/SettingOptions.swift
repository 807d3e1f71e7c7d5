package import ArgumentParser
internal import Configuration

/// The options of commands that do what a configuration says.
package struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "A value in place of the configuration's, such as threads=4; may be given again.",
            valueName: "key=value"))
    package var values: [String] = []

    @Flag(help: "Check everything, files included, print what would run, and change nothing.")
    package var dryRun = false

    package init() {}

    package func validate() throws {
        if let problem = ConfigurationOverride.problem(of: values) { throw ValidationError(problem) }
    }
}
