import Base
import Crystals
import Potentials
import StructureFiles

/// What a model of properties says about inputs.
final class PropertyEvaluation {
    /// How many entries to give at a time.
    static let batchSize = 64

    private let team: ThreadTeam
    private let evaluators: [Owned]

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any PropertyEvaluator
    }

    /// The predictions of a structure, in the order of the model's.
    struct Predicted: Sendable {
        let formula: String
        let atomCount: Int
        let predictions: [PropertyPrediction]
    }

    init(model: any PropertyModel, threads: Int) {
        let team = ThreadTeam(threadCount: threads)
        self.team = team
        evaluators = (0..<team.threadCount).map { _ in Owned(evaluator: model.makeEvaluator()) }
    }

    /// The predictions of each entry, in their order. Every structure is a piece of work of its own, so that all
    /// threads have some.
    func predictions(of entries: [StructureEntry]) -> [ToolAnswer<Predicted>] {
        let evaluators = evaluators
        return team.map(entries) { entry, thread in
            ToolAnswer(
                id: entry.id,
                result: Result {
                    try Self.predict(try entry.input.get().structure(), evaluators[thread].evaluator)
                }.mapError { ToolFailure($0) })
        }
    }

    private static func predict(_ structure: Structure, _ evaluator: any PropertyEvaluator) throws -> Predicted {
        guard let answer = evaluator.predict([structure]).first else { throw ToolFailure("the model gave no answer") }
        do throws(PotentialError) {
            return Predicted(
                formula: structure.composition.reducedFormula, atomCount: structure.atomCount,
                predictions: try answer.get())
        } catch { throw ToolFailure(error.description(for: structure)) }
    }
}
