internal import Base
package import Crystals
internal import Foundation

/// A regression on frozen features of CHGNet that predicts one property of crystals, with a calibrated error and a
/// sense of what it has seen.
package struct PropertyHead: PropertyModel {
    package let record: HeadRecord
    package let digest: String
    let scaling: FeatureScaling
    let references: ReferenceRows
    /// One for each target of the record.
    let parts: [HeadRegressor]
    /// The model of the features.
    let potential: CHGNet
    private let elements: Set<String>
    /// The references by what counts in distances.
    private let weighted: [CrystalFeatures.Weighting: WeightedRows]

    /// - Throws: ``UnwritableNumber``: each head can be written.
    init(
        record: HeadRecord, scaling: FeatureScaling, references: ReferenceRows, parts: [HeadRegressor],
        potential: CHGNet
    ) throws(UnwritableNumber) {
        self.record = record
        self.scaling = scaling
        self.references = references
        self.parts = parts
        self.potential = potential
        elements = Set(record.elements)
        var weightings: Set<CrystalFeatures.Weighting> = [.means]
        for case .kernel(_, _, _, let weighting) in parts { weightings.insert(weighting) }
        weighted = Dictionary(uniqueKeysWithValues: weightings.map { ($0, references.weighted(by: $0)) })
        let file = try PropertyHead.file(record: record, scaling: scaling, references: references, parts: parts)
        digest = Digest(of: file.encoded()).hexadecimal
    }

    package var predictions: [PropertyPrediction.Name] { [.init(name: record.name, unit: record.unit)] }

    package func makeEvaluator() -> any PropertyEvaluator { PropertyHeads([self]).makeEvaluator() }

    /// The prediction for a crystal.
    /// - Parameter features: as `CHGNetEvaluator.features(of:)` gives them.
    package func predict(_ features: [Double], of composition: Composition) -> PropertyPrediction {
        let row = scaling(features)
        let distances = weighted.mapValues { $0.squaredDistances(to: row) }
        let nearest = distances[.means]?.min() ?? .infinity
        let output = HeadOutput(
            parts.map { part in part.predict(row) { distances[$0] ?? [] } }, record.isLogarithmic, lowest: record.lowest
        )
        return PropertyPrediction(
            name: record.name, value: output.value, sigma: output.sigma(record.uncertainty, distance: nearest),
            isInDomain: nearest <= record.uncertainty.largestDistance
                && composition.elements.allSatisfy { elements.contains($0.symbol) })
    }
}

/// Several heads on the features of one potential, which are computed once for all.
package struct PropertyHeads: PropertyModel {
    package let heads: [PropertyHead]

    /// - Precondition: at least one head; all on the same potential.
    package init(_ heads: [PropertyHead]) {
        precondition(!heads.isEmpty && heads.allSatisfy { $0.potential.digest == heads[0].potential.digest })
        self.heads = heads
    }

    package var digest: String {
        heads.count == 1 ? heads[0].digest : Digest(of: heads.flatMap { Array($0.digest.utf8) }).hexadecimal
    }

    package var predictions: [PropertyPrediction.Name] { heads.flatMap(\.predictions) }

    package func makeEvaluator() -> any PropertyEvaluator {
        HeadEvaluator(heads, features: heads[0].potential.makeCHGNetEvaluator())
    }
}

private final class HeadEvaluator: PropertyEvaluator {
    private let heads: [PropertyHead]
    private let features: CHGNetEvaluator

    init(_ heads: [PropertyHead], features: CHGNetEvaluator) {
        self.heads = heads
        self.features = features
    }

    func predict(_ structures: [Structure]) -> [Result<[PropertyPrediction], PotentialError>] {
        zip(structures, features.features(of: structures)).map { structure, answer in
            answer.flatMap { features in
                // A head without a finite number leaves its own quantity out, not those of the others.
                let predictions = heads.map { $0.predict(features, of: structure.composition) }
                    .filter { $0.value.isFinite && $0.sigma?.isFinite != false }
                return predictions.isEmpty ? .failure(.notFinite(potential: "the head")) : .success(predictions)
            }
        }
    }
}
