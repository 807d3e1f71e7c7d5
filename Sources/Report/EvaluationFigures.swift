/// What an evaluation of crystals found: figures with their denominators and errors.
package struct EvaluationFigures: Codable, Equatable, Sendable {
    /// So many of so many.
    package struct Share: Codable, Equatable, Sendable {
        package var count: Int
        package var of: Int

        package init(_ count: Int, of total: Int) {
            self.count = count
            self.of = total
        }

        /// 0 of none.
        package var value: Double { of > 0 ? Double(count) / Double(of) : 0 }
        /// The binomial standard error.
        package var error: Double { of > 0 ? max(0, value * (1 - value) / Double(of)).squareRoot() : 0 }

        private enum CodingKeys: String, CodingKey {
            case count, of, share, error
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            count = try container.decode(Int.self, forKey: .count)
            of = try container.decode(Int.self, forKey: .of)
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .count)
            try container.encode(of, forKey: .of)
            try container.encode(value, forKey: .share)
            try container.encode(error, forKey: .error)
        }
    }

    /// What holds of crystals in one form, as sampled or relaxed. All shares are of all samples.
    package struct Verdicts: Codable, Equatable, Sendable {
        /// With an energy and a height above the hull.
        package var measured: Share
        /// At most the threshold above the hull.
        package var stable: Share
        /// On the hull or below it.
        package var onHull: Share
        /// The first of their kind.
        package var unique: Share
        /// Not among the known crystals; nil if none were given.
        package var novel: Share?
        /// Stable, unique and novel: different crystals that are stable and not known.
        package var sun: Share?
        /// The same on the hull or below it.
        package var sunOnHull: Share?
        /// Above the hull, stable, unique and novel, and no form of a crystal that is on it.
        package var metastableSUN: Share?
        /// More than 0.1 eV/atom below the hull: an error of the potential or the hull rather than a find.
        package var farBelow: Share

        enum CodingKeys: String, CodingKey {
            case measured, stable
            case onHull = "on_hull"
            case unique, novel, sun
            case sunOnHull = "sun_on_hull"
            case metastableSUN = "msun"
            case farBelow = "far_below_hull"
        }

        package init(
            measured: Share, stable: Share, onHull: Share, unique: Share, novel: Share?, sun: Share?,
            sunOnHull: Share?, metastableSUN: Share?, farBelow: Share
        ) {
            self.measured = measured
            self.stable = stable
            self.onHull = onHull
            self.unique = unique
            self.novel = novel
            self.sun = sun
            self.sunOnHull = sunOnHull
            self.metastableSUN = metastableSUN
            self.farBelow = farBelow
        }
    }

    /// The figures of one space group or crystal system.
    package struct Part: Codable, Equatable, Sendable {
        /// Such as "225" or "cubic".
        package var name: String
        package var samples: Int
        package var asSampled: Verdicts
        package var relaxed: Verdicts?

        enum CodingKeys: String, CodingKey {
            case name, samples
            case asSampled = "as_sampled"
            case relaxed
        }

        package init(name: String, samples: Int, asSampled: Verdicts, relaxed: Verdicts?) {
            self.name = name
            self.samples = samples
            self.asSampled = asSampled
            self.relaxed = relaxed
        }
    }

    /// How relaxations ended.
    package struct Relaxations: Codable, Equatable, Sendable {
        package var converged: Share
        /// Relaxed crystals of the space group that they were sampled in.
        package var spaceGroupKept: Share
        /// The mean root of the mean squared displacement, Å, and its median.
        package var meanDisplacement: Double
        package var medianDisplacement: Double

        enum CodingKeys: String, CodingKey {
            case converged
            case spaceGroupKept = "space_group_kept"
            case meanDisplacement = "mean_rmsd"
            case medianDisplacement = "median_rmsd"
        }

        package init(
            converged: Share, spaceGroupKept: Share, meanDisplacement: Double, medianDisplacement: Double
        ) {
            self.converged = converged
            self.spaceGroupKept = spaceGroupKept
            self.meanDisplacement = meanDisplacement
            self.medianDisplacement = medianDisplacement
        }
    }

    /// What another potential says of the same crystals.
    package struct SecondOpinion: Codable, Equatable, Sendable {
        package var judge: String
        package var measured: Share
        /// Stable on the judge's own hull; nil where it has none.
        package var stable: Share?
        /// Of the heights of both, without a hull of the judge's own after element energies are fitted; nil for fewer
        /// than three crystals.
        package var correlation: Double?

        package init(judge: String, measured: Share, stable: Share?, correlation: Double?) {
            self.judge = judge
            self.measured = measured
            self.stable = stable
            self.correlation = correlation
        }
    }

    package var samples: Int
    /// Below this height a crystal is stable, eV/atom.
    package var threshold: Double
    /// Within the limits of geometry.
    package var valid: Share
    /// Of elements whose charges can balance, as SMACT says.
    package var compositionValid: Share
    /// Of one element, of two.
    package var elemental: Share
    package var binary: Share
    /// In chemical systems of which the hull has fewer than 12 entries: no verdict.
    package var sparse: Share
    package var spaceGroups: Int
    package var elements: Int
    package var asSampled: Verdicts
    package var relaxed: Verdicts?
    package var relaxations: Relaxations?
    package var secondOpinion: SecondOpinion?
    package var bySpaceGroup: [Part]
    package var byCrystalSystem: [Part]
    /// How many crystals contain each element.
    package var elementCounts: [String: Int]
    /// Heights above the hull, eV/atom.
    package var heights: [Double]
    package var relaxedHeights: [Double]
    /// What the run is rewarded for and predicts, of the crystals as sampled; nil where nothing of the kind is told.
    package var aims: AimFigures?
    /// The same of the relaxed crystals.
    package var relaxedAims: AimFigures?

    /// Fewer samples than this are told with a warning.
    package static let fewSamples = 100

    package init(
        samples: Int, threshold: Double, valid: Share, compositionValid: Share, elemental: Share, binary: Share,
        sparse: Share, spaceGroups: Int, elements: Int, asSampled: Verdicts, relaxed: Verdicts?,
        relaxations: Relaxations?, secondOpinion: SecondOpinion?, bySpaceGroup: [Part], byCrystalSystem: [Part],
        elementCounts: [String: Int], heights: [Double], relaxedHeights: [Double]
    ) {
        self.samples = samples
        self.threshold = threshold
        self.valid = valid
        self.compositionValid = compositionValid
        self.elemental = elemental
        self.binary = binary
        self.sparse = sparse
        self.spaceGroups = spaceGroups
        self.elements = elements
        self.asSampled = asSampled
        self.relaxed = relaxed
        self.relaxations = relaxations
        self.secondOpinion = secondOpinion
        self.bySpaceGroup = bySpaceGroup
        self.byCrystalSystem = byCrystalSystem
        self.elementCounts = elementCounts
        self.heights = heights
        self.relaxedHeights = relaxedHeights
    }

    enum CodingKeys: String, CodingKey {
        case samples, threshold, valid
        case compositionValid = "composition_valid"
        case elemental, binary, sparse
        case spaceGroups = "space_groups"
        case elements
        case asSampled = "as_sampled"
        case relaxed, relaxations
        case secondOpinion = "second_judge"
        case bySpaceGroup = "by_space_group"
        case byCrystalSystem = "by_crystal_system"
        case elementCounts = "element_counts"
        case heights
        case relaxedHeights = "relaxed_heights"
        case aims
        case relaxedAims = "relaxed_aims"
    }
}
