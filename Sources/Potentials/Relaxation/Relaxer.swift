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
    private let properties: PotentialProperties

    /// - Throws: `missingDerivatives`.
    /// - Precondition: the settings have no ``RelaxationSettings/problem``.
    package init(
        potential: any InteratomicPotential, settings: RelaxationSettings
    ) throws(RelaxationError) {
        precondition(settings.problem == nil)
        self.potential = potential
        self.settings = settings
        properties = settings.relaxesCell ? [.energy, .forces, .stress] : [.energy, .forces]
        guard potential.properties.isSuperset(of: properties) else {
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
        let queue = Atomic<Int>(0)
        let workers = min(max(1, threads), max(1, inputs.count))
        ThreadTeam(threadCount: workers).forEach(workers) { _, _ in
            relax(
                with: potential.makeEvaluator(), batchSize: batchSize,
                next: {
                    let index = queue.wrappingAdd(1, ordering: .relaxed).oldValue
                    return index < inputs.count ? (index, inputs[index]) : nil
                },
                deliver: { results[$0] = $1 })
        }
        return results.all
    }

    /// Relaxes inputs as they come until there are no more.
    private func relax(
        with evaluator: any PotentialEvaluator, batchSize: Int, next: () -> (index: Int, input: RelaxationInput)?,
        deliver: (Int, Result<Relaxation, RelaxationError>) -> Void
    ) {
        var runs: [(index: Int, run: RelaxationRun)] = []
        var isExhausted = false
        while true {
            while !isExhausted, runs.count < max(1, batchSize) {
                guard let (index, input) = next() else {
                    isExhausted = true
                    break
                }
                do throws(RelaxationError) {
                    runs.append((index, try RelaxationRun(input, settings: settings)))
                } catch {
                    deliver(index, .failure(error))
                }
            }
            if runs.isEmpty { return }
            let answers = evaluator.evaluate(runs.map(\.run.structure), properties)
            precondition(answers.count == runs.count, "an evaluator answers each structure")
            var running: [(index: Int, run: RelaxationRun)] = []
            for (position, answer) in answers.enumerated() {
                var (index, run) = runs[position]
                if let result = run.advance(answer) {
                    deliver(index, result)
                } else {
                    running.append((index, run))
                }
            }
            runs = running
        }
    }
}
