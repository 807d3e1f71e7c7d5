import Base
import Crystals
import Policy
import Refinement
import StructureFiles
import Trajectories

/// Walks inputs and samples towards low energies, and keeps count of what was accepted.
final class CrystalRefinement {
    private let weights: PolicyWeights
    private let refinement: Refinement
    private let analysis: SymmetryAnalysis
    private let constraint: Constraint
    private let constrainedBy: String
    private var walked = 0
    /// Of all walks so far.
    private(set) var moves: [MoveKind: MoveCount] = [:]
    private(set) var exchanges: [MoveCount] = []

    /// - Parameters:
    ///   - constraint: what the policy is restricted to.
    ///   - constrainedBy: what says so, for messages.
    ///   - symmetryTolerance: for inputs that are structures, Å.
    init(
        weights: PolicyWeights, energy: RefinementEnergy, settings: RefinementSettings, constraint: Constraint,
        constrainedBy: String, threads: Int, symmetryTolerance: Double
    ) throws {
        self.weights = weights
        self.constraint = constraint
        self.constrainedBy = constrainedBy
        let team = ThreadTeam(threadCount: threads)
        analysis = SymmetryAnalysis(team: team, symmetryTolerance: symmetryTolerance)
        refinement = try Refinement(settings: settings, threads: threads) {
            WalkTarget(
                density: PolicyDensity(policy: weights, constraint: constraint), energy: try energy.makeEnergy())
        }
    }

    /// The walk of each entry, in their order.
    func refine(
        _ entries: [StructureEntry], progress: @escaping @Sendable (Int) -> Void
    ) throws -> [ToolAnswer<Refinement.Refined>] {
        try refine(analysis.crystals(of: entries), progress: progress)
    }

    /// The walk of each sample, in their order.
    func refine(
        _ samples: [(id: String, sample: Sample)], progress: @escaping @Sendable (Int) -> Void
    ) throws -> [ToolAnswer<Refinement.Refined>] {
        let answers = samples.map { id, sample in
            ToolAnswer<Crystal>(
                id: id,
                result: sample.isTerminated
                    ? .success(sample.crystal)
                    : .failure(ToolFailure("the policy ran out of sites before the crystal ended")))
        }
        return try refine(answers, progress: progress)
    }

    private func refine(
        _ answers: [ToolAnswer<Crystal>], progress: @escaping @Sendable (Int) -> Void
    ) throws -> [ToolAnswer<Refinement.Refined>] {
        let candidates = answers.map(accepted)
        let crystals = candidates.compactMap { try? $0.result.get() }
        var results = try refinement.refine(crystals, firstNumber: walked, progress: progress)[...]
        walked += crystals.count
        return candidates.map { candidate in
            ToolAnswer(
                id: candidate.id,
                result: candidate.result.flatMap { _ in
                    // invariant: a result for each crystal.
                    guard let result = results.popFirst() else { return .failure(ToolFailure("it was not walked")) }
                    if case .success(let refined) = result { count(refined) }
                    return result.mapError(\.failure)
                })
        }
    }

    private func count(_ refined: Refinement.Refined) {
        for (kind, count) in refined.moves { moves[kind, default: MoveCount()] += count }
        if exchanges.isEmpty { exchanges = refined.exchanges.map { _ in MoveCount() } }
        for (index, count) in refined.exchanges.enumerated() { exchanges[index] += count }
    }

    /// The crystal with its sites in the order of Wyckoff positions, if the policy takes it.
    private func accepted(_ answer: ToolAnswer<Crystal>) -> ToolAnswer<Crystal> {
        ToolAnswer(
            id: answer.id,
            result: answer.result.flatMap { crystal in
                var crystal = crystal
                crystal.sites = crystal.sites.enumerated()
                    .sorted { ($0.element.wyckoff, $0.offset) < ($1.element.wyckoff, $1.offset) }
                    .map(\.element)
                let elements = crystal.composition.elements
                if let foreign = elements.first(where: { !constraint.allows(atomicNumber: $0.atomicNumber) }) {
                    return .failure(ToolFailure("it has \(foreign.symbol), which \(constrainedBy) does not allow"))
                }
                guard elements.count >= constraint.minimumElements else {
                    return .failure(
                        ToolFailure(
                            "it has fewer than \(constraint.minimumElements) elements, which \(constrainedBy) does not "
                                + "allow"))
                }
                do throws(PolicyError) {
                    _ = try PackedBatch(CollectionOfOne(crystal), configuration: weights.configuration)
                    return .success(crystal)
                } catch { return .failure(ToolFailure(error)) }
            })
    }
}

extension Refinement.Refusal {
    fileprivate var failure: ToolFailure {
        switch self {
        case .impossible:
            ToolFailure("the policy cannot have drawn it: its Wyckoff positions stand in no order that the policy has")
        case .notFinite: ToolFailure("the policy gives this crystal no finite probability")
        case .nothingToMove:
            ToolFailure("none of the moves changes it: no free coordinates, one site, or one element to choose from")
        }
    }
}
