package import Archive
package import Foundation

/// What an evaluation of one policy found: the content of `evaluation-before.json` and `evaluation-after.json`.
///
/// Shares are of all samples: invalid ones and those whose evaluation failed count as unstable.
package struct EvaluationSummary: Codable, Equatable, Sendable {
    /// The number of crystals sampled.
    package var samples: Int
    package var stableFraction: Double
    package var validFraction: Double
    package var uniqueFraction: Double
    /// How many different space groups the samples use.
    package var spaceGroups: Int
    /// How many different elements the samples use.
    package var elements: Int
    /// The energies of the scored samples above the hull, eV/atom.
    package var energiesAboveHull: [Double]
    /// The policy: its version, name or digest.
    package var policy: String?
    package var seed: UInt64?
    package var temperature: Double?
    /// Below this energy above the hull a crystal counts as stable, eV/atom.
    package var stableBelow: Double?
    /// All figures; nil in files of older builds.
    package var figures: EvaluationFigures?

    package init(
        samples: Int, stableFraction: Double, validFraction: Double, uniqueFraction: Double, spaceGroups: Int,
        elements: Int, energiesAboveHull: [Double], policy: String? = nil, seed: UInt64? = nil,
        temperature: Double? = nil, stableBelow: Double? = nil
    ) {
        self.samples = samples
        self.stableFraction = stableFraction
        self.validFraction = validFraction
        self.uniqueFraction = uniqueFraction
        self.spaceGroups = spaceGroups
        self.elements = elements
        self.energiesAboveHull = energiesAboveHull
        self.policy = policy
        self.seed = seed
        self.temperature = temperature
        self.stableBelow = stableBelow
    }

    /// The summary of figures.
    package init(_ figures: EvaluationFigures, policy: String, seed: UInt64, temperature: Double) {
        self.init(
            samples: figures.samples, stableFraction: figures.asSampled.stable.value,
            validFraction: figures.valid.value, uniqueFraction: figures.asSampled.unique.value,
            spaceGroups: figures.spaceGroups, elements: figures.elements, energiesAboveHull: figures.heights,
            policy: policy, seed: seed, temperature: temperature, stableBelow: figures.threshold)
        self.figures = figures
    }

    enum CodingKeys: String, CodingKey {
        case samples
        case stableFraction = "stable_fraction"
        case validFraction = "valid_fraction"
        case uniqueFraction = "unique_fraction"
        case spaceGroups = "space_groups"
        case elements
        case energiesAboveHull = "e_above_hull"
        case policy, seed, temperature
        case stableBelow = "stable_below"
        case figures
    }

    /// Reads an evaluation; nil if there is no such file.
    package static func read(_ url: URL) throws(ArchiveError) -> EvaluationSummary? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let data = try DurableFile.read(url)
        guard let summary = try? JSONDecoder().decode(EvaluationSummary.self, from: data), summary.samples >= 0 else {
            throw .damaged(path: url.path, reason: "it is not the result of an evaluation")
        }
        return summary
    }

    /// Writes the evaluation as a whole or not at all.
    package func write(to url: URL) throws(ArchiveError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try DurableFile.replace(url, with: try encoder.encode(self))
        } catch let error as ArchiveError {
            throw error
        } catch {
            throw .file(path: url.path, operation: "encode", reason: "\(error)")
        }
    }
}
