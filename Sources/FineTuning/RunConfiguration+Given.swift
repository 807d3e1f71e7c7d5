internal import Archive
package import Configuration
package import Foundation
internal import Telemetry

extension RunConfiguration {
    /// What a command line gives: a file, or the configuration of the run to go on with where there are overrides but
    /// no file.
    ///
    /// - Parameters:
    ///   - directory: of the run to go on with.
    ///   - overrides: in the order in which they count, the last one most.
    ///   - resume: Whether a run that is there goes on: to no fewer versions than it was to make, unless an override
    ///     says so. A file that a run was begun with need not know of its `--versions`.
    ///   - note: Takes what a person should know.
    /// - Returns: nil if nothing is given: the run goes on as it is.
    package static func given(
        file: URL?, directory: URL?, overrides: [ConfigurationOverride], resume: Bool = false,
        note: (String) -> Void = { _ in }
    ) throws -> RunConfiguration? {
        if let file {
            var given = try ConfigurationLoader.load(RunConfiguration.self, from: file, overrides: overrides)
            let folder = directory ?? URL(filePath: given.runDirectory)
            if resume, !overrides.contains(where: { $0.key == "versions" }), RunDirectory.holdsRun(at: folder) {
                let stored = try RunInputs(RunDirectory.open(at: folder)).configuration
                if stored.versions > given.versions {
                    let made = try StepRecord.read(from: RunDirectory.open(at: folder).metrics).last?.step ?? -1
                    note(
                        "the run is to make \(stored.versions) versions, versions in \(file.path) is "
                            + "\(given.versions): it goes on to \(stored.versions)"
                            + (made < given.versions ? "; --versions \(given.versions) has it end there" : ""))
                    given.versions = stored.versions
                }
            }
            return given
        }
        guard let directory, !overrides.isEmpty else { return nil }
        let stored = try RunDirectory.open(at: directory).configuration
        return try ConfigurationLoader.load(RunConfiguration.self, from: stored, overrides: overrides)
    }
}
