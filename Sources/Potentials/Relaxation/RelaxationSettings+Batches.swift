// The loop of a relaxation: one batch of evaluations a step, which crystals leave when they are done.
extension RelaxationSettings {
    /// What a potential has to give.
    var properties: PotentialProperties { relaxesCell ? [.energy, .forces, .stress] : [.energy, .forces] }

    /// The result of each input, in their order, by an evaluator at hand, on the calling thread. A potential that gives
    /// no forces or stress ends each as `failed`.
    ///
    /// - Parameter batchSize: crystals that are evaluated together.
    /// - Precondition: the settings have no ``problem``.
    package func relax(
        _ inputs: [RelaxationInput], with evaluator: any PotentialEvaluator, batchSize: Int = 4
    ) -> [Result<Relaxation, RelaxationError>] {
        precondition(problem == nil)
        var results = [Result<Relaxation, RelaxationError>](
            repeating: .failure(.potential(.emptyStructure)), count: inputs.count)
        var waiting = inputs.enumerated().makeIterator()
        relax(
            with: evaluator, batchSize: batchSize, next: { waiting.next().map { ($0.offset, $0.element) } },
            deliver: { results[$0] = $1 })
        return results
    }

    /// Relaxes inputs as they come until there are no more.
    func relax(
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
                    runs.append((index, try RelaxationRun(input, settings: self)))
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
