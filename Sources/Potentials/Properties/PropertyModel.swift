package import Crystals

/// A model that predicts named numbers of structures: a network such as MEGNet, or a head on CHGNet's features.
///
/// It is shared by threads; each thread makes its own evaluator.
package protocol PropertyModel: Sendable {
    /// SHA-256 of the model's weights, hexadecimal.
    var digest: String { get }

    /// The quantities that it predicts, such as "band_gap", each with its unit ("eV", "1" for none).
    var predictions: [PropertyPrediction.Name] { get }

    /// An evaluator with its own scratch memory.
    func makeEvaluator() -> any PropertyEvaluator
}

/// Predicts properties of structures, a batch at a time. Thread rule: one owner at a time.
package protocol PropertyEvaluator: AnyObject {
    /// As many results as structures, in their order.
    ///
    /// A result depends on its structure alone: not on the others of the batch, nor on those before. It may lack
    /// some of the model's quantities, but not all.
    func predict(_ structures: [Structure]) -> [Result<[PropertyPrediction], PotentialError>]
}

/// A predicted number.
package struct PropertyPrediction: Sendable, Hashable {
    /// What is predicted, such as "band_gap".
    package var name: String
    /// In the unit that the model states for the name.
    package var value: Double
    /// The standard error as calibrated, in the unit of the value; nil if the model knows none.
    package var sigma: Double?
    /// Whether the structure resembles what the model learned from; nil if the model cannot tell.
    package var isInDomain: Bool?

    package init(name: String, value: Double, sigma: Double? = nil, isInDomain: Bool? = nil) {
        self.name = name
        self.value = value
        self.sigma = sigma
        self.isInDomain = isInDomain
    }

    /// A quantity that a model predicts.
    package struct Name: Sendable, Hashable {
        package var name: String
        /// Such as "eV"; "1" for a number without unit.
        package var unit: String

        package init(name: String, unit: String) {
            self.name = name
            self.unit = unit
        }
    }
}
