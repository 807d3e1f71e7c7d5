package import Crystals

/// A model of the energy of crystals. It is shared by threads; each thread makes its own evaluator.
package protocol InteratomicPotential: Sendable {
    /// A short name for records and messages, such as "chgnet-0.3.0".
    var name: String { get }

    /// SHA-256 of the model's tensors and configuration, hexadecimal: two models with one digest give the same
    /// energies.
    var digest: String { get }

    /// An evaluator with its own scratch memory.
    func makeEvaluator() -> any EnergyEvaluator
}

/// Evaluates one structure after another. Thread rule: one evaluator belongs to one thread at a time.
package protocol EnergyEvaluator: AnyObject {
    /// The energy per atom, eV/atom, on the scale of the potential's training data.
    ///
    /// The result depends on the structure alone: not on the structures before it nor on other threads.
    func energyPerAtom(of structure: Structure) throws(PotentialError) -> Double
}
