internal import Base
internal import Crystals
package import Potentials
package import Stability

/// Another potential that is asked about the same crystals: training and judging by one potential flatters a policy.
package final class SecondJudge {
    package let name: String
    private let evaluators: [Owned]
    private let hull: HullReference?
    private let batch: Int

    /// An evaluator that one thread of a team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any PotentialEvaluator
    }

    /// - Parameters:
    ///   - evaluators: one for each thread of the team that it is asked with; one alone where the engine shares out
    ///     work itself.
    ///   - batch: the structures that an evaluator is given at a time.
    ///   - hull: of the judge's own energies; nil: it has none.
    package init(name: String, evaluators: [any PotentialEvaluator], batch: Int = 8, hull: HullReference?) {
        self.name = name
        self.evaluators = evaluators.map { Owned(evaluator: $0) }
        self.batch = batch
        self.hull = hull
    }

    /// A judge that cannot judge at all.
    package struct Problem: Error, CustomStringConvertible {
        package let description: String
    }

    /// What it says of structures, in their order; nil where there is none, or it has nothing to say.
    ///
    /// - Throws: ``Problem`` if its engine fails at all of them.
    func judge(_ structures: [Structure?]) throws(Problem) -> [EvaluatedCrystal.Judgement?] {
        let present = structures.indices.filter { structures[$0] != nil }
        let pieces = stride(from: 0, to: present.count, by: batch).map {
            present[$0..<min($0 + batch, present.count)].compactMap { index in structures[index].map { (index, $0) } }
        }
        let (evaluators, hull) = (evaluators, hull)
        let answers = ThreadTeam(threadCount: evaluators.count).map(pieces) { piece, thread in
            zip(piece, evaluators[thread].evaluator.evaluate(piece.map(\.1), .energy)).map { item, answer in
                (item.0, Self.judgement(item.1, answer, hull), Self.engineProblem(answer))
            }
        }.flatMap { $0 }
        if let problem = answers.first?.2, answers.allSatisfy({ $0.2 != nil }) {
            throw Problem(description: "the second judge \(name) judges no crystal: \(problem)")
        }
        var judgements = [EvaluatedCrystal.Judgement?](repeating: nil, count: structures.count)
        for (index, judgement, _) in answers { judgements[index] = judgement }
        return judgements
    }

    private static func engineProblem(_ answer: Result<PotentialEvaluation, PotentialError>) -> PotentialError? {
        if case .failure(let error) = answer, case .engine = error { error } else { nil }
    }

    private static func judgement(
        _ structure: Structure, _ answer: Result<PotentialEvaluation, PotentialError>, _ hull: HullReference?
    ) -> EvaluatedCrystal.Judgement? {
        guard let energy = try? answer.get().energyPerAtom, energy.isFinite else { return nil }
        let height = try? hull?.energyAboveHull(of: structure.composition, energyPerAtom: energy)
        return EvaluatedCrystal.Judgement(energyPerAtom: energy, energyAboveHull: height)
    }
}
