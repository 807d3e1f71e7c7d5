package import Archive
internal import Base
internal import Configuration
package import Engines
internal import Foundation
package import Policy
internal import Potentials
internal import Rewards
internal import Stability
internal import Trajectories

/// What decides the results of a run beside its numbers: policy at the start, reference, potential and hull, as they
/// are kept in its directory and named by digest in its manifest. Nothing outside the directory is needed to go on with
/// a run.
package struct RunInputs: Sendable {
    package let directory: RunDirectory
    package let configuration: RunConfiguration

    /// The reference policy, kept with the run.
    static let referenceFileName = "reference.safetensors"
    /// The policy at the start, where it is not the reference.
    static let policyFileName = "policy.safetensors"
    private static let potentialFileName = "potential.safetensors"
    private static let hullFileStem = "hull"

    /// The inputs of a run with its own configuration.
    ///
    /// - Throws: ``ConfigurationError`` if the configuration was changed since the run was begun.
    package init(_ directory: RunDirectory) throws {
        self.directory = directory
        configuration = try Self.configuration(of: directory)
    }

    private static func configuration(of directory: RunDirectory) throws -> RunConfiguration {
        let file = directory.configuration
        guard let data = try? Data(contentsOf: file) else {
            throw ConfigurationError(source: file.path, problems: ["cannot be read; restore it"])
        }
        if let known = directory.manifest.configurationDigests {
            let digest = Digest(of: data).hexadecimal
            guard known.contains(digest) else {
                throw ConfigurationError(
                    source: file.path,
                    problems: [
                        "was changed since the run was begun (digest \(digest), expected "
                            + "\(known.joined(separator: " or "))); restore it, or begin a new run"
                    ])
            }
        }
        let text = String(decoding: data, as: UTF8.self)
        var configuration = try ConfigurationLoader.parse(RunConfiguration.self, text: text, source: file.path)
        // A run of a build without these limits goes on without them.
        if !text.contains("minimum_distance_share:") { configuration.reward.limits.removeAtomicLimits() }
        return configuration
    }

    /// What a new run keeps of its inputs: contents, and files to copy, by their place in the directory.
    static func kept(
        configuration: RunConfiguration, policy: Data, reference: Data
    ) -> (contents: [String: Data], copies: [String: URL]) {
        var contents = [referenceFileName: reference]
        if policy != reference { contents["\(RunDirectory.inputsName)/\(policyFileName)"] = policy }
        var copies: [String: URL] = [:]
        if case .file(let path) = PotentialName(configuration.potential) {
            copies["\(RunDirectory.inputsName)/\(potentialFileName)"] = URL(filePath: path)
        }
        if configuration.hull != "default" {
            let source = URL(filePath: configuration.hull)
            // All extensions stay: they tell the layout and the compression.
            let extensions = source.lastPathComponent.split(separator: ".").dropFirst().suffix(2).map(String.init)
            let name = ([hullFileStem] + extensions).joined(separator: ".")
            copies["\(RunDirectory.inputsName)/\(name)"] = source
        }
        return (contents, copies)
    }

    /// The policy that the run began with.
    package func policy() throws -> PolicyWeights {
        guard let digest = directory.manifest.policyDigest else {
            // A run of a build that did not keep it.
            return try FineTuningRun.policy(named: configuration.policy)
        }
        let isReference = digest == directory.manifest.referenceDigest
        let file =
            isReference
            ? directory.url.appending(path: Self.referenceFileName)
            : directory.inputs.appending(path: Self.policyFileName)
        guard let bytes = try? Data(contentsOf: file) else {
            throw ConfigurationError(
                source: file.path, problems: ["is missing: the policy that the run began with; restore it"])
        }
        let found = Digest(of: bytes).hexadecimal
        guard found == digest else {
            throw ConfigurationError(
                source: file.path,
                problems: [
                    "is not the policy that the run began with (digest \(found), expected \(digest)); restore the file"
                ])
        }
        return try PolicyWeights(encoded: bytes)
    }

    /// Potential and hull of the run, to measure by here.
    ///
    /// - Throws: ``ConfigurationError`` if one is another than the run was begun with; ``ModelError`` where reward
    ///   workers bring the potential.
    package func engine() throws -> ScoringEngine {
        let engine = try ScoringEngine(potential: keptPotential, hull: keptHull?.path ?? configuration.hull)
        try check(potential: engine.potential.digest, hull: engine.hull.digest)
        return engine
    }

    /// What the run's crystals are measured by, to judge by.
    ///
    /// - Throws: ``ConfigurationError`` if it is another than the run was begun with.
    func standard() throws -> MeasuringStandard {
        let standard = try MeasuringStandard(potential: keptPotential, hull: keptHull?.path ?? configuration.hull)
        try check(potential: standard.potentialDigest, hull: standard.hullDigest)
        return standard
    }

    private func check(potential: String, hull: String) throws {
        for (kind, found, expected) in [
            ("potential", potential, directory.manifest.potentialDigest),
            ("hull", hull, directory.manifest.hullDigest),
        ] {
            guard let expected, found != expected else { continue }
            throw ConfigurationError(
                source: directory.url.path,
                problems: [
                    "the \(kind) is not the one the run was begun with (digest \(found), expected \(expected)); "
                        + "use the build or the file that it was begun with"
                ])
        }
    }

    private var keptPotential: String { keptFile(Self.potentialFileName)?.path ?? configuration.potential }

    /// The names by which they are found on this machine: the file the run was begun with, as long as it is the same,
    /// else the copy in the run's directory.
    package var engineNames: (potential: String, hull: String) {
        func name(_ original: String, _ kept: URL?) -> String {
            guard let kept, !FileManager.default.contentsEqual(atPath: original, andPath: kept.path) else {
                return original
            }
            return kept.standardizedFileURL.path
        }
        return (
            name(configuration.potential, keptFile(Self.potentialFileName)), name(configuration.hull, keptHull)
        )
    }

    /// The files of the run's own potential and hull, with what reward workers pull of them; nil for embedded ones.
    ///
    /// - Throws: ``ModelError`` for a file that cannot be read or offered.
    func offers() throws -> (potential: (file: RecipeFile, blob: Blob)?, hull: (file: RecipeFile, blob: Blob)?) {
        var potential: (file: RecipeFile, blob: Blob)?
        if case .file(let path) = PotentialName(configuration.potential) {
            potential = try RecipeFile.offer(keptFile(Self.potentialFileName) ?? URL(filePath: path))
        }
        if configuration.hull == "default" { return (potential, nil) }
        return (potential, try RecipeFile.offer(keptHull ?? URL(filePath: configuration.hull)))
    }

    private func keptFile(_ name: String) -> URL? {
        let file = directory.inputs.appending(path: name)
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    private var keptHull: URL? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.inputs.path)) ?? []
        return names.first { $0 == Self.hullFileStem || $0.hasPrefix("\(Self.hullFileStem).") }
            .map { directory.inputs.appending(path: $0) }
    }
}
