/// How a head came about, and how well it does on crystals that it was not fitted to.
package struct HeadRecord: Codable, Sendable, Equatable {
    /// The quantity, such as "dielectric_total".
    package var name: String
    /// Such as "eV"; "1" for none.
    package var unit: String
    /// The names of the values that were learned, a model each; the prediction is their sum.
    package var targets: [String]
    /// Whether the logarithms of the values were learned.
    package var isLogarithmic: Bool
    /// Predictions below are raised to it.
    package var lowest: Double?
    /// A sentence on the origin of the values, for people.
    package var note: String?

    /// The name of the file of values.
    package var data: String
    /// SHA-256 of it, hexadecimal.
    package var dataDigest: String
    /// The layout of the features, and the model that they are of.
    package var features: String
    package var potential: String
    package var potentialDigest: String

    package var crystals: Int
    package var formulas: Int
    /// Symbols of the elements that occur.
    package var elements: [String]
    /// Entries of the file without use, by reason.
    package var leftOut: [Count]
    package var folds: Int
    package var seed: UInt64

    /// What was tried for each target, by the mean absolute error on held-out folds (of the logarithm where it was
    /// learned).
    package var tried: [Candidate]
    /// What was taken, one for each target.
    package var parts: [Part]
    /// Of the head on held-out folds.
    package var errors: Errors
    /// Of a ridge regression on atomic fractions and ln volume per atom, on the same folds.
    package var compositionErrors: Errors
    package var uncertainty: Uncertainty

    package struct Count: Codable, Sendable, Equatable {
        package var reason: String
        package var count: Int

        package init(reason: String, count: Int) {
            self.reason = reason
            self.count = count
        }
    }

    package struct Candidate: Codable, Sendable, Equatable {
        package var target: String
        package var kind: String
        package var meanAbsoluteError: Double
        package var isTaken: Bool
    }

    package struct Part: Codable, Sendable, Equatable {
        package var kind: HeadKind
        /// How features count in a kernel's distances: means or bonds.
        package var weighting: String?
    }

    package struct Errors: Codable, Sendable, Equatable {
        package var meanAbsoluteError: Double
        package var rootMeanSquareError: Double
        /// nil where logarithms were not learned.
        package var logarithmicMeanAbsoluteError: Double?
        /// Spearman's.
        package var rankCorrelation: Double
    }

    /// The standard error: variance = constant + byDistance · d² + byEnsemble · s², of the logarithm where that was
    /// learned. d² is the squared distance of the scaled features, weighted so that 2 is usual, from the nearest
    /// crystal that was learned from; s² is the variance between the members of an ensemble.
    package struct Uncertainty: Codable, Sendable, Equatable {
        package var constant: Double
        package var byDistance: Double
        package var byEnsemble: Double
        /// Of the held-out crystals, how many lie within one standard error and within two; 0.683 and 0.954 for
        /// normal errors.
        package var withinOne: Double
        package var withinTwo: Double
        /// The largest d² in the domain: the 99th percentile of held-out crystals.
        package var largestDistance: Double
    }
}
