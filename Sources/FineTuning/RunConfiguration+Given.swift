internal import Archive
package import Configuration
package import Foundation

extension RunConfiguration {
    /// What a command line gives: a file, or the configuration of the run to go on with where there are overrides but
    /// no file.
    ///
    /// - Parameters:
    ///   - directory: of the run to go on with.
    ///   - overrides: in the order in which they count, the last one most.
    /// - Returns: nil if nothing is given: the run goes on as it is.
    package static func given(
        file: URL?, directory: URL?, overrides: [ConfigurationOverride]
    ) throws -> RunConfiguration? {
        if let file { return try ConfigurationLoader.load(RunConfiguration.self, from: file, overrides: overrides) }
        guard let directory, !overrides.isEmpty else { return nil }
        let stored = try RunDirectory.open(at: directory).configuration
        return try ConfigurationLoader.load(RunConfiguration.self, from: stored, overrides: overrides)
    }
}
