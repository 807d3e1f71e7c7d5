package import Crystals

/// A model of the energy of crystals. It is shared by threads; each thread makes its own evaluator.
package protocol InteratomicPotential: Sendable {
    /// A short name for records and messages, such as "chgnet-0.3.0".
    var name: String { get }

    /// SHA-256 of the model's tensors and configuration, hexadecimal: two models with one digest give the same
    /// energies.
    var digest: String { get }

    /// What its energies may be compared with.
    var energyConvention: EnergyConvention { get }

    /// Whether it has energies of an element.
    func knows(_ element: Element) -> Bool

    /// What its evaluators can be asked for.
    var properties: PotentialProperties { get }

    /// An evaluator with its own scratch memory.
    func makeEvaluator() -> any PotentialEvaluator
}

/// Evaluates structures, a batch at a time. Thread rule: one evaluator belongs to one thread at a time.
package protocol PotentialEvaluator: AnyObject {
    /// What was asked for, or why there is none, of each structure, in their order.
    ///
    /// A result depends on its structure and on the properties alone: not on the others of the batch, nor on those
    /// before, nor on other threads.
    func evaluate(
        _ structures: [Structure], _ properties: PotentialProperties
    ) -> [Result<PotentialEvaluation, PotentialError>]
}
