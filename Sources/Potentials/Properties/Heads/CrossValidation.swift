internal import Base
internal import Crystals
internal import Foundation

/// Predictions of each crystal by models that did not learn from its formula.
struct CrossValidation: Sendable {
    let examples: [HeadExample]
    /// The fold of each example.
    let folds: [Int]
    let foldCount: Int
    let isLogarithmic: Bool
    let seed: UInt64

    /// What a member of a family predicts of the examples, in their order.
    struct Held: Sendable {
        var values: [Double]
        var variances: [Double]
        /// The mean absolute error of what was learned.
        var error: Double
    }

    /// What is learned for a target.
    func targets(_ part: Int) -> [Double] {
        examples.map { isLogarithmic ? log($0.values[part]) : $0.values[part] }
    }

    private struct Piece: Sendable {
        let family: Int
        let fold: Int
    }

    /// Each member of each family.
    func run(
        _ families: [HeadFamily], part: Int, team: ThreadTeam, progress: @escaping @Sendable () -> Void
    ) -> [(family: HeadFamily, member: Int, held: Held)] {
        let targets = targets(part)
        // The longest first, so that the threads end together.
        let pieces = families.indices.reversed().flatMap { family in
            (0..<foldCount).map { Piece(family: family, fold: $0) }
        }
        let results = team.map(pieces) { piece, _ in
            defer { progress() }
            return predictions(families[piece.family], targets, fold: piece.fold, part: part)
        }
        return families.enumerated().flatMap { index, family in
            family.labels.indices.map { member in
                var values = [Double](repeating: .nan, count: examples.count)
                var variances = [Double](repeating: 0, count: examples.count)
                for (piece, result) in zip(pieces, results) where piece.family == index {
                    let held = examples.indices.filter { folds[$0] == piece.fold }
                    for (row, prediction) in zip(held, result[member]) {
                        (values[row], variances[row]) = prediction
                    }
                }
                let error = HeadStatistics.meanAbsoluteError(values, targets)
                return (
                    family, member,
                    Held(values: values, variances: variances, error: error.isFinite ? error : .infinity)
                )
            }
        }
    }

    /// What each member says of the rows of a fold.
    private func predictions(
        _ family: HeadFamily, _ targets: [Double], fold: Int, part: Int
    ) -> [[(value: Double, variance: Double)]] {
        let learned = examples.indices.filter { folds[$0] != fold }
        let held = examples.indices.filter { folds[$0] == fold }
        let scaling = FeatureScaling(learned.map { examples[$0].features })
        let rows = learned.map { scaling(examples[$0].features) }
        let regressors = family.fit(
            rows, learned.map { targets[$0] }, seed: seed, stream: UInt32(part * 1_000 + fold))
        let references = family.weighting.map {
            ReferenceRows(rows, width: CrystalFeatures.count).weighted(by: $0)
        }
        let places = held.map { row in
            let scaled = scaling(examples[row].features)
            return (scaled, references?.squaredDistances(to: scaled) ?? [])
        }
        return regressors.map { regressor in
            places.map { place in regressor?.predict(place.0) { _ in place.1 } ?? (.nan, 0) }
        }
    }

    /// The yardstick: a ridge regression of the sum of the targets on atomic fractions and ln volume per atom, with the
    /// best of several penalties.
    func composition(_ known: [Double], team: ThreadTeam) -> [Double] {
        let elements = Set(examples.flatMap(\.composition.elements)).sorted()
        let features = examples.map { example in
            elements.map { example.composition.fraction(of: $0) }
                + [example.features[CrystalFeatures.logarithmicVolume]]
        }
        let targets = known.map { isLogarithmic ? log($0) : $0 }
        let penalties = [0.003, 0.01, 0.03, 0.1, 0.3]
        let results = team.map(Array(0..<foldCount)) { fold, _ in
            let learned = examples.indices.filter { folds[$0] != fold }
            let scaling = FeatureScaling(learned.map { features[$0] })
            let regressors = HeadRegressor.ridges(
                learned.map { scaling(features[$0]) }, learned.map { targets[$0] },
                penalties: penalties.map { $0 * Double(learned.count) })
            return regressors.map { regressor in
                examples.indices.filter { folds[$0] == fold }.map { row in
                    regressor?.predict(scaling(features[row])) { _ in [] }.value ?? .nan
                }
            }
        }
        let candidates = penalties.indices.map { penalty in
            var values = [Double](repeating: .nan, count: examples.count)
            for (fold, result) in results.enumerated() {
                for (row, value) in zip(examples.indices.filter { folds[$0] == fold }, result[penalty]) {
                    values[row] = value
                }
            }
            return values
        }
        // One that could not be solved is no candidate.
        let solved = candidates.filter { HeadStatistics.meanAbsoluteError($0, targets).isFinite }
        let best = (solved.isEmpty ? candidates : solved).min { left, right in
            HeadStatistics.meanAbsoluteError(left, targets) < HeadStatistics.meanAbsoluteError(right, targets)
        }
        return (best ?? []).map { isLogarithmic ? exp($0) : $0 }
    }
}
