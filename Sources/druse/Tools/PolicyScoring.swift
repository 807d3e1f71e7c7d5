import Base
import Crystals
import Policy
import PolicyOptimization
import StructureFiles
import Trajectories

/// Log-probabilities of inputs under a policy.
final class PolicyScoring {
    /// How many entries to give at a time; with batches of this size the numbers do not depend on the threads.
    static let batchSize = 512

    private let weights: PolicyWeights
    private let analysis: SymmetryAnalysis
    private let team: GradientTeam

    /// A crystal and how likely it is, given its space group.
    struct Score: Sendable {
        let crystal: Crystal
        let logProbabilities: LogProbabilities
    }

    /// - Parameter symmetryTolerance: for inputs that are structures, Å.
    init(weights: PolicyWeights, threads: Int, symmetryTolerance: Double) {
        self.weights = weights
        analysis = SymmetryAnalysis(team: ThreadTeam(threadCount: threads), symmetryTolerance: symmetryTolerance)
        team = GradientTeam(layout: weights.layout, threads: threads)
    }

    /// The score of each entry, in their order.
    func scores(of entries: [StructureEntry]) throws(PolicyError) -> [ToolAnswer<Score>] {
        let candidates = analysis.crystals(of: entries).map(accepted)
        let crystals = candidates.compactMap { try? $0.result.get() }
        var values = try team.logProbabilities(of: crystals, weights: weights)[...]
        return candidates.map { candidate in
            ToolAnswer(
                id: candidate.id,
                result: candidate.result.flatMap { crystal in
                    guard let value = values.popFirst() else {
                        return .failure(ToolFailure("the policy gave no answer"))
                    }
                    guard value.components.allSatisfy(\.isFinite) else {
                        return .failure(ToolFailure("the policy gives this crystal no finite probability"))
                    }
                    return .success(Score(crystal: crystal, logProbabilities: value))
                })
        }
    }

    /// The crystal with its sites in the order of Wyckoff positions, if the policy takes it.
    private func accepted(_ answer: ToolAnswer<Crystal>) -> ToolAnswer<Crystal> {
        ToolAnswer(
            id: answer.id,
            result: answer.result.flatMap { crystal in
                var crystal = crystal
                // Sites of one position keep their order: it is part of what the likelihood describes.
                crystal.sites = crystal.sites.enumerated()
                    .sorted { ($0.element.wyckoff, $0.offset) < ($1.element.wyckoff, $1.offset) }
                    .map(\.element)
                do throws(PolicyError) {
                    _ = try PackedBatch(CollectionOfOne(crystal), configuration: weights.configuration)
                    return .success(crystal)
                } catch {
                    return .failure(ToolFailure(error))
                }
            })
    }
}
