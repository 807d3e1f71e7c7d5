package import Archive
internal import Base
internal import Configuration
package import Engines
internal import Foundation
package import Policy
internal import PolicyOptimization
internal import Potentials
package import Rewards
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
        // A run of a build without these limits, or without a choice of elements, goes on without them.
        if !ConfigurationLoader.holds("reward.limits.minimum_distance_share", in: text) {
            configuration.reward.limits.removeAtomicLimits()
        }
        // A run of a build without these goes on as it was begun.
        if !ConfigurationLoader.holds("objective.kl_baseline", in: text) { configuration.objective.klBaseline = .none }
        if !ConfigurationLoader.holds("reward.guards.use", in: text) { configuration.reward.guards = .none }
        if !ConfigurationLoader.holds("elements", in: text) { configuration.elements = .unconstrained }
        return configuration
    }

    /// What a new run keeps of its inputs: contents, and files to copy, by their place in the directory.
    static func kept(
        configuration: RunConfiguration, policy: Data, reference: Data
    ) throws -> (contents: [String: Data], copies: [String: URL], knownDigests: [String]?) {
        var contents = [referenceFileName: reference]
        let indexes = try KeptIndexes.contents(of: configuration.reward.terms)
        contents.merge(indexes.contents) { $1 }
        contents.merge(try KeptProperties.contents(of: configuration.properties)) { $1 }
        if policy != reference { contents["\(RunDirectory.inputsName)/\(policyFileName)"] = policy }
        var copies = KeptModels.copies(potential: configuration.potential, hull: configuration.hull)
        for judge in configuration.judges {
            let own = KeptModels.copies(
                potential: judge.potential, hull: judge.hull, stem: KeptModels.stem(ofJudge: judge.name))
            if let twice = own.keys.first(where: { copies[$0] != nil }) {
                throw ConfigurationError(
                    source: "judges",
                    problems: ["\(judge.name): its file would be kept as \(twice), as another is; name it otherwise"])
            }
            copies.merge(own) { $1 }
        }
        return (contents, copies, indexes.digests)
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
        let names = models.names
        let engine = try ScoringEngine(potential: names.potential, hull: names.hull)
        try check("the run", potential: engine.potential.digest, hull: engine.hull.digest, against: manifestDigests)
        return engine
    }

    /// What the run's crystals are measured by, to judge by.
    ///
    /// - Throws: ``ConfigurationError`` if it is another than the run was begun with.
    func standard() throws -> MeasuringStandard {
        let standard = try models.standard()
        try check(
            "the run", potential: standard.potentialDigest, hull: standard.hullDigest, against: manifestDigests)
        return standard
    }

    /// Which elements the run's crystals are drawn of.
    ///
    /// - Throws: as `standard()`.
    package func elements() throws -> ElementChoice {
        if configuration.elements == .unconstrained { return .all }
        return try configuration.elements.choice(for: standard(), policy: policy().configuration)
    }

    /// What the run's judges measure by, in their order.
    ///
    /// - Throws: ``ConfigurationError`` if one is another than the run was begun with.
    func judgeStandards() throws -> [MeasuringStandard] {
        try configuration.judges.map { judge in
            let standard = try models(of: judge).standard()
            try check(
                judge.name, potential: standard.potentialDigest, hull: standard.hullDigest,
                against: directory.manifest.judges?[judge.name] ?? .init())
            return standard
        }
    }

    /// The judges that the reward's terms name and that measure by a potential of this program.
    ///
    /// - Throws: ``ConfigurationError`` if one measures by others than the run was begun with; ``ModelError`` if one
    ///   cannot be opened.
    package func judgesOfTerms() throws -> [RunJudge] {
        try configuration.judgesOfTerms.filter { PotentialName($0.potential).externalName == nil }.map { judge in
            let names = models(of: judge).names
            let opened = try RunJudge(name: judge.name, potential: names.potential, hull: names.hull)
            try check(
                judge.name, potential: opened.potential.digest, hull: opened.hull?.digest ?? HullSource.none,
                against: directory.manifest.judges?[judge.name] ?? .init())
            return opened
        }
    }

    /// The models of the run's properties.
    ///
    /// - Throws: ``ConfigurationError`` if they are not those that the run was begun with.
    package func propertyStandard() throws -> PropertyStandard {
        let standard = try properties.standard()
        guard standard.manifest == directory.manifest.properties else {
            throw ConfigurationError(
                source: directory.url.path,
                problems: [
                    "the models of properties are not those it was begun with; use the build and the files that it "
                        + "was begun with"
                ])
        }
        return standard
    }

    /// The reward of the run, by the copies of its indexes of known crystals.
    ///
    /// - Throws: ``ConfigurationError`` if one is another than the run was begun with.
    package func reward() throws -> RewardConfiguration { try reward(configuration.reward) }

    /// Another reward, by the copies of the indexes that it has in common with the run.
    ///
    /// - Throws: as ``reward()``.
    package func reward(_ other: RewardConfiguration) throws -> RewardConfiguration {
        var reward = other
        reward.terms = try indexes.kept(other.terms)
        return reward
    }

    /// The indexes of known crystals.
    var indexes: KeptIndexes {
        KeptIndexes(
            inputs: directory.inputs, terms: configuration.reward.terms, digests: directory.manifest.knownDigests)
    }

    private var manifestDigests: RunManifest.Models {
        .init(potential: directory.manifest.potentialDigest, hull: directory.manifest.hullDigest)
    }

    private func check(_ whose: String, potential: String, hull: String, against known: RunManifest.Models) throws {
        for (kind, found, expected) in [("potential", potential, known.potential), ("hull", hull, known.hull)] {
            guard let expected, found != expected else { continue }
            throw ConfigurationError(
                source: directory.url.path,
                problems: [
                    "the \(kind) of \(whose) is not the one it was begun with (digest \(found), expected \(expected)); "
                        + "use the build or the file that it was begun with"
                ])
        }
    }

    /// Potential and hull of the recipe that decides.
    var models: KeptModels {
        KeptModels(inputs: directory.inputs, potential: configuration.potential, hull: configuration.hull)
    }

    /// The models of properties.
    var properties: KeptProperties { KeptProperties(inputs: directory.inputs, names: configuration.properties) }

    /// Potential and hull of a judge.
    func models(of judge: JudgeConfiguration) -> KeptModels {
        KeptModels(
            inputs: directory.inputs, potential: judge.potential, hull: judge.hull,
            stem: KeptModels.stem(ofJudge: judge.name))
    }

    /// The names by which potential and hull are found on this machine: the file the run was begun with, as long as it
    /// is the same, else the copy in the run's directory.
    package var engineNames: (potential: String, hull: String) { models.originalNames }
}
