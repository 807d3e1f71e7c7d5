package import Foundation

/// What makes a run itself: the content of `run.json`, written when the run starts.
package struct RunManifest: Codable, Equatable, Sendable {
    /// The name of the run that all its processes agree on.
    package var runID: String
    /// The build of the learner that started the run, such as "0.1.0 (1f2e3d4)".
    package var build: String
    /// The seed of all randomness of the run.
    package var seed: UInt64
    package var createdAt: Date
    /// The machine the run started on.
    package var host: String
    /// The SHA-256 of the frozen policy that the KL term refers to, hexadecimal.
    package var referenceDigest: String
    /// The SHA-256 of the policy at the start; nil, as all below, if an older build began the run.
    package var policyDigest: String?
    /// The digests of potential and hull.
    package var potentialDigest: String?
    package var hullDigest: String?
    /// The digests of what each judge measures by, by its name; nil if there are none.
    package var judges: [String: Models]?
    /// The models of properties, in the order of the configuration; nil if there are none.
    package var properties: [Property]?
    /// The SHA-256 of each index of known crystals that is kept, in their order; nil if there are none.
    package var knownDigests: [String]?
    /// The SHA-256 that `config.yaml` may have: one; two while it is being replaced.
    package var configurationDigests: [String]?
    /// The processor whose kernels the learner that started the run computes with, such as "SkylakeX".
    package var kernels: String?
    /// At most so high above the hull a crystal counts as stable, eV/atom.
    package var stableBelow: Double?
    /// How many versions older than its step a crystal may be; nil: none older, as in the synchronous mode.
    package var maximumStaleness: Int?

    /// What to say where this process computes with kernels of another processor; nil if with the same, or if the run
    /// does not say by which it was begun.
    package func difference(fromKernels own: String) -> String? {
        guard let kernels, kernels != own else { return nil }
        return "the run was begun with OpenBLAS for \(kernels), this is that for \(own): last digits may differ, so "
            + "that the weights need not be those of a run that stayed"
    }

    /// What stands in its checkpoints.
    package var mark: RunMark { RunMark(id: runID, seed: seed) }

    /// The digests of a potential and a hull; nil where they are not known.
    package struct Models: Codable, Equatable, Sendable {
        package var potential: String?
        package var hull: String?

        package init(potential: String? = nil, hull: String? = nil) {
            self.potential = potential
            self.hull = hull
        }
    }

    /// A model of properties: its digest and what it predicts.
    package struct Property: Codable, Equatable, Sendable {
        package var digest: String
        package var quantities: [String]

        package init(digest: String, quantities: [String]) {
            self.digest = digest
            self.quantities = quantities
        }
    }

    /// What counts as stable where nothing else is said, eV/atom.
    package static let usualStableBelow = 0.1

    package init(
        runID: String = RunManifest.newID(), build: String, seed: UInt64, referenceDigest: String,
        createdAt: Date = Date(), host: String = ProcessInfo.processInfo.hostName
    ) {
        self.runID = runID
        self.build = build
        self.seed = seed
        self.referenceDigest = referenceDigest
        self.createdAt = createdAt
        self.host = host
    }

    /// A new name: the day and eight random digits, such as "20260214-5f0c21ab". No number of the run depends on it.
    package static func newID(at date: Date = Date()) -> String {
        let day = date.formatted(.iso8601.year().month().day().dateSeparator(.omitted))
        return "\(day)-\(UUID().uuidString.prefix(8).lowercased())"
    }

    enum CodingKeys: String, CodingKey {
        case runID = "run_id"
        case build, seed
        case createdAt = "created_at"
        case host
        case referenceDigest = "reference_digest"
        case policyDigest = "policy_digest"
        case potentialDigest = "potential_digest"
        case hullDigest = "hull_digest"
        case judges, properties
        case knownDigests = "known_digests"
        case configurationDigests = "configuration_digests"
        case kernels
        case stableBelow = "stable_below"
        case maximumStaleness = "max_staleness"
    }

    func encoded() throws(ArchiveError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        do {
            return try encoder.encode(self)
        } catch {
            throw .file(path: "run.json", operation: "encode", reason: "\(error)")
        }
    }

    static func decode(_ data: Data, path: String) throws(ArchiveError) -> RunManifest {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            return try decoder.decode(RunManifest.self, from: data)
        } catch {
            throw .damaged(path: path, reason: "it is not the description of a run")
        }
    }
}
