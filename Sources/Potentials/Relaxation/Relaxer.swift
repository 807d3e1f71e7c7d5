internal import Base
import Crystals
internal import Synchronization

/// Relaxes many crystals together: one batch of evaluations a step; those that are done leave it and others enter.
///
/// A crystal's result depends on itself, the settings and the potential alone, to the last bit: not on the others, nor
/// on the size of batches, nor on threads.
///
///     let relaxer = try Relaxer(potential: try CHGNet.embedded(), settings: RelaxationSettings())
///     for result in relaxer.relax(structures.map(RelaxationInput.structure), threads: 2) {
///         print(try result.get().finalEnergyPerAtom)  // eV/atom
///     }
package struct Relaxer: Sendable {
    private let potential: any InteratomicPotential
    private let settings: RelaxationSettings

    /// - Throws: `missingDerivatives`.
    /// - Precondition: the settings have no ``RelaxationSettings/problem``.
    package init(
        potential: any InteratomicPotential, settings: RelaxationSettings
    ) throws(RelaxationError) {
        precondition(settings.problem == nil)
        self.potential = potential
        self.settings = settings
        guard potential.properties.isSuperset(of: settings.properties) else {
            throw .missingDerivatives(potential: potential.name)
        }
    }

    /// The result of each input, in their order.
    ///
    /// - Parameters:
    ///   - batchSize: crystals that each thread evaluates together.
    ///   - threads: at least one is used; each has an evaluator of its own.
    package func relax(
        _ inputs: [RelaxationInput], batchSize: Int = 4, threads: Int = 1
    ) -> [Result<Relaxation, RelaxationError>] {
        let results = Slots<Result<Relaxation, RelaxationError>>(
            count: inputs.count, empty: .failure(.potential(.emptyStructure)))
        relax(inputs, batchSize: batchSize, threads: threads) { index, result in
            results[index] = result
            return true
        }
        return results.all
    }

    /// Gives the result of each input as it comes, in no order.
    ///
    /// - Parameters:
    ///   - batchSize: crystals that each thread evaluates together.
    ///   - threads: at least one is used; each has an evaluator of its own.
    ///   - deliver: takes a result with its input's place, on any of the threads; false: no further input is begun.
    package func relax(
        _ inputs: [RelaxationInput], batchSize: Int = 4, threads: Int = 1,
        deliver: @escaping @Sendable (_ index: Int, _ result: Result<Relaxation, RelaxationError>) -> Bool
    ) {
        let queue = Atomic<Int>(0)
        let workers = min(max(1, threads), max(1, inputs.count))
        ThreadTeam(threadCount: workers).forEach(workers) { _, _ in
            settings.relax(
                with: potential.makeEvaluator(), batchSize: batchSize,
                next: {
                    let index = queue.wrappingAdd(1, ordering: .relaxed).oldValue
                    return index < inputs.count ? (index, inputs[index]) : nil
                },
                deliver: { if !deliver($0, $1) { queue.store(inputs.count, ordering: .relaxed) } })
        }
    }
}
