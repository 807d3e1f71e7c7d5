package import Base
package import Crystals
internal import Foundation

/// A crystal to learn from.
package struct HeadExample: Sendable {
    package var id: String
    package var composition: Composition
    /// As `CHGNetEvaluator.features(of:)` gives them.
    package var features: [Double]
    /// One for each target.
    package var values: [Double]

    package init(id: String, composition: Composition, features: [Double], values: [Double]) {
        self.id = id
        self.composition = composition
        self.features = features
        self.values = values
    }
}

/// Fits a head: chooses by cross-validation with folds by formula, calibrates its error on held-out crystals, and fits
/// again to all.
package struct HeadFitting: Sendable {
    /// The fewest crystals, of as many formulas, that anything is fitted to.
    package static let fewest = 20

    package var name: String
    package var unit: String
    package var targets: [String]
    /// Whether logarithms are learned; nil: where all values are positive and have a heavy tail.
    package var learnsLogarithms: Bool?
    /// Predictions below are raised to it.
    package var lowest: Double?
    package var note: String?
    /// The kinds of regression that are tried; nil: all that suit the number of crystals.
    package var kinds: Set<HeadKind>?
    package var seed: UInt64
    /// The name of the file of values, and its SHA-256.
    package var data: (name: String, digest: String)
    package var leftOut: [HeadRecord.Count]

    package init(
        name: String, unit: String, targets: [String], learnsLogarithms: Bool? = nil, lowest: Double? = nil,
        note: String? = nil, kinds: Set<HeadKind>? = nil, seed: UInt64 = 0,
        data: (name: String, digest: String) = ("", ""),
        leftOut: [HeadRecord.Count] = []
    ) {
        self.name = name
        self.unit = unit
        self.targets = targets
        self.learnsLogarithms = learnsLogarithms
        self.lowest = lowest
        self.note = note
        self.kinds = kinds
        self.seed = seed
        self.data = data
        self.leftOut = leftOut
    }

    /// Why nothing can be fitted.
    package enum Problem: Error, Sendable, Hashable, CustomStringConvertible {
        case tooFew(crystals: Int, formulas: Int)
        case notPositive(id: String, target: String, value: Double)
        case constant(target: String)
        case unsolvable(target: String)
        case tooManyForKernels(crystals: Int)
        /// What came out cannot be written.
        case unwritable(PropertyHead.UnwritableNumber)

        package var description: String {
            switch self {
            case .tooFew(let crystals, let formulas):
                "there are \(crystals) crystals of \(formulas) formulas with a value; a head needs at least "
                    + "\(HeadFitting.fewest) crystals and formulas"
            case .notPositive(let id, let target, let value):
                "\(id): \(target) is \(value), which has no logarithm: leave --log out"
            case .constant(let target):
                "\(target) is the same for all crystals: there is nothing to learn"
            case .tooManyForKernels(let crystals):
                "kernel regressions take at most \(HeadFamily.largestKernel) crystals, and there are \(crystals): "
                    + "allow ridge or network as well"
            case .unsolvable(let target):
                "no regression on \(target) could be solved; are its values within the range of numbers?"
            case .unwritable(let number):
                "the head cannot be written: \(number); are the values within the range of numbers? Give them in "
                    + "another unit"
            }
        }
    }

    /// A crystal as it was predicted by a model that did not learn from its formula.
    package struct HeldOut: Sendable {
        package var id: String
        package var formula: String
        package var known: Double
        package var predicted: Double
        /// The standard error, in the unit of the value.
        package var sigma: Double
        package var isInDomain: Bool
        /// What the regression on the composition predicts.
        package var byComposition: Double
    }

    /// A head and what its cross-validation gave, in the order of the examples.
    package struct Fitted: Sendable {
        package var head: PropertyHead
        package var heldOut: [HeldOut]
    }

    /// How many pieces of work `fit(_:of:team:progress:)` has for so many examples.
    package func pieceCount(_ examples: [HeadExample]) -> Int {
        let formulas = Set(examples.map(\.composition.reducedFormula)).count
        let families = HeadFamily.all(rows: examples.count, kinds: kinds)
        return targets.count * families.count * FormulaFolds.count(formulas: formulas)
    }

    /// - Parameters:
    ///   - potential: the model of the features.
    ///   - progress: told how many pieces are done; called on any thread.
    /// - Throws: ``Problem``.
    package func fit(
        _ examples: [HeadExample], of potential: CHGNet, team: ThreadTeam = ThreadTeam(threadCount: 1),
        progress: @escaping @Sendable () -> Void = {}
    ) throws(Problem) -> Fitted {
        let formulas = examples.map(\.composition.reducedFormula)
        let formulaCount = Set(formulas).count
        guard examples.count >= Self.fewest, formulaCount >= Self.fewest else {
            throw .tooFew(crystals: examples.count, formulas: formulaCount)
        }
        let known = examples.map { $0.values.reduce(0, +) }
        let isLogarithmic = try isLogarithmic(examples, known)
        let foldCount = FormulaFolds.count(formulas: formulaCount)
        let folds = FormulaFolds.folds(of: formulas, count: foldCount, seed: seed)
        let validation = CrossValidation(
            examples: examples, folds: folds, foldCount: foldCount, isLogarithmic: isLogarithmic, seed: seed)
        let families = HeadFamily.all(rows: examples.count, kinds: kinds)
        guard !families.isEmpty else { throw .tooManyForKernels(crystals: examples.count) }
        var tried: [HeadRecord.Candidate] = []
        var taken: [(family: HeadFamily, member: Int, held: CrossValidation.Held)] = []
        for (part, target) in targets.enumerated() {
            let found = validation.run(families, part: part, team: team, progress: progress)
            guard let best = found.min(by: { $0.held.error < $1.held.error }), best.held.error.isFinite else {
                throw .unsolvable(target: target)
            }
            tried += found.filter(\.held.error.isFinite).map {
                .init(
                    target: target, kind: $0.family.labels[$0.member], meanAbsoluteError: $0.held.error,
                    isTaken: $0.family == best.family && $0.member == best.member)
            }
            taken.append(best)
        }
        // The head of all examples.
        let scaling = FeatureScaling(examples.map(\.features))
        let rows = examples.map { scaling($0.features) }
        let references = chosenReferences(folds, all: taken.contains { $0.family.weighting != nil })
        let referenceRows = ReferenceRows(references.map { rows[$0] }, width: CrystalFeatures.count)
        var parts: [HeadRegressor] = []
        for (part, choice) in taken.enumerated() {
            let regressor = choice.family.fit(
                rows, validation.targets(part), only: choice.member, seed: seed,
                stream: UInt32(part * 1_000 + foldCount)
            ).first
            guard let regressor, let regressor else { throw .unsolvable(target: targets[part]) }
            parts.append(regressor)
        }
        // Its errors.
        let combined = examples.indices.map { row in
            HeadOutput(taken.map { ($0.held.values[row], $0.held.variances[row]) }, isLogarithmic, lowest: lowest)
        }
        let referenceFolds = references.map { folds[$0] }
        let weighted = referenceRows.weighted(by: .means)
        let nearest = team.map(Array(examples.indices)) { row, _ in
            zip(weighted.squaredDistances(to: rows[row]), referenceFolds)
                .reduce(Double.infinity) { $1.1 == folds[row] ? $0 : min($0, $1.0) }
        }
        let uncertainty = HeadRecord.Uncertainty(
            residuals: zip(combined, known).map {
                isLogarithmic ? log($0.value) - log($1) : $0.value - $1
            },
            distances: nearest, variances: combined.map(\.variance))
        let composition = validation.composition(known, team: team).map { max($0, lowest ?? -.infinity) }
        let record = HeadRecord(
            name: name, unit: unit, targets: targets, isLogarithmic: isLogarithmic, lowest: lowest, note: note,
            data: data.name, dataDigest: data.digest, features: CrystalFeatures.layout, potential: potential.name,
            potentialDigest: potential.digest, crystals: examples.count, formulas: formulaCount,
            elements: Set(examples.flatMap(\.composition.elements)).sorted().map(\.symbol), leftOut: leftOut,
            folds: foldCount, seed: seed, tried: tried,
            parts: taken.map { .init(kind: $0.family.kind, weighting: $0.family.weighting?.rawValue) },
            errors: .init(combined.map(\.value), known, isLogarithmic: isLogarithmic),
            compositionErrors: .init(composition, known, isLogarithmic: isLogarithmic), uncertainty: uncertainty)
        let head: PropertyHead
        do throws(PropertyHead.UnwritableNumber) {
            head = try PropertyHead(
                record: record, scaling: scaling, references: referenceRows, parts: parts, potential: potential)
        } catch { throw .unwritable(error) }
        let heldOut = examples.indices.map { row in
            HeldOut(
                id: examples[row].id, formula: formulas[row], known: known[row], predicted: combined[row].value,
                sigma: combined[row].sigma(uncertainty, distance: nearest[row]),
                isInDomain: nearest[row] <= uncertainty.largestDistance, byComposition: composition[row])
        }
        return Fitted(head: head, heldOut: heldOut)
    }

    private func isLogarithmic(_ examples: [HeadExample], _ known: [Double]) throws(Problem) -> Bool {
        var arePositive = true
        for (part, target) in targets.enumerated() {
            let values = examples.map { $0.values[part] }
            guard values.contains(where: { $0 != values[0] }) else { throw .constant(target: target) }
            guard let place = values.firstIndex(where: { $0 <= 0 }) else { continue }
            arePositive = false
            if learnsLogarithms == true {
                throw .notPositive(id: examples[place].id, target: target, value: values[place])
            }
        }
        if let learnsLogarithms { return learnsLogarithms }
        guard arePositive else { return false }
        let skewness = HeadStatistics.skewness(known)
        return skewness > 1 && HeadStatistics.skewness(known.map { log($0) }).magnitude < skewness
    }

    /// The rows that distances are taken to: all for a kernel, else some, dealt over the folds so that each row has
    /// some in folds other than its own.
    private func chosenReferences(_ folds: [Int], all: Bool) -> [Int] {
        if all || folds.count <= Self.mostReferences { return Array(folds.indices) }
        return FormulaFolds.sample(of: folds, count: Self.mostReferences, seed: seed)
    }

    private static let mostReferences = 1_000
}

/// The sum of the parts of a head.
struct HeadOutput {
    /// In the unit of the quantity.
    let value: Double
    /// Between the members of ensembles; of the logarithm where that was learned.
    let variance: Double
    private let isLogarithmic: Bool

    /// - Parameter parts: what the regressions of the parts say.
    init(_ parts: [(value: Double, variance: Double)], _ isLogarithmic: Bool, lowest: Double?) {
        self.isLogarithmic = isLogarithmic
        if isLogarithmic {
            let values = parts.map { exp($0.value) }
            let sum = values.reduce(0, +)
            value = max(sum, lowest ?? -.infinity)
            variance = zip(values, parts).reduce(0) { $0 + $1.0 * $1.0 * $1.1.variance } / (sum * sum)
        } else {
            value = max(parts.reduce(0) { $0 + $1.value }, lowest ?? -.infinity)
            variance = parts.reduce(0) { $0 + $1.variance }
        }
    }

    /// The standard error in the unit of the value.
    func sigma(_ uncertainty: HeadRecord.Uncertainty, distance: Double) -> Double {
        let error = uncertainty.standardError(distance: distance, variance: variance)
        return isLogarithmic ? value * error : error
    }
}
