import Crystals

/// Walks that go step by step together, on one thread.
struct WalkGroup {
    private let settings: RefinementSettings
    private let target: WalkTarget
    private var starts: [Result<WalkState, Refinement.Refusal>]
    /// Of the crystals that can be walked.
    private var walks: [Walk] = []

    init(
        _ crystals: ArraySlice<Crystal>, firstNumber: Int, settings: RefinementSettings, target: WalkTarget
    ) throws {
        self.settings = settings
        self.target = target
        let crystals = crystals.map(CrystalMoves.settled)
        let logs = try target.density.logProbabilities(of: crystals)
        let energies = try target.energy.energies(of: crystals)
        starts = []
        for (offset, crystal) in crystals.enumerated() {
            let state = WalkState(crystal: crystal, logProbability: logs[offset], energy: energies[offset])
            if !state.logProbability.isFinite {
                starts.append(.failure(.notFinite))
            } else if !state.isPossible {
                starts.append(.failure(.impossible))
            } else if CrystalMoves(of: crystal, settings: settings).kinds.isEmpty {
                starts.append(.failure(.nothingToMove))
            } else {
                starts.append(.success(state))
                walks.append(Walk(number: firstNumber + offset, start: state, settings: settings))
            }
        }
    }

    /// - Parameter progress: called with steps of single crystals.
    mutating func run(progress: (Int) -> Void) throws {
        for step in 0..<settings.steps {
            try advance(step)
            progress(starts.count)
        }
    }

    private mutating func advance(_ step: Int) throws {
        var proposals: [(walk: Int, proposal: Walk.Proposal)] = []
        for index in walks.indices {
            for proposal in walks[index].proposals(step: step) { proposals.append((index, proposal)) }
        }
        let logs = try target.density.logProbabilities(of: proposals.map(\.proposal.crystal))
        let lowest = target.energy.lowest
        let kept = proposals.indices.filter { index in
            let (walk, proposal) = proposals[index]
            return !walks[walk].refuses(proposal, logProbability: logs[index], lowest: lowest)
        }
        let energies = try target.energy.energies(of: kept.map { proposals[$0].proposal.crystal })
        for (index, energy) in zip(kept, energies) {
            let (walk, proposal) = proposals[index]
            walks[walk].decide(proposal, logProbability: logs[index], energy: energy)
        }
        for index in walks.indices { walks[index].exchange(step: step) }
    }

    /// One for each crystal, in their order.
    var results: [Result<Refinement.Refined, Refinement.Refusal>] {
        var rest = walks[...]
        return starts.map { start in
            start.flatMap { state in
                // invariant: a walk for each start.
                guard let walk = rest.popFirst() else { return .failure(.nothingToMove) }
                return .success(
                    Refinement.Refined(
                        start: state, end: walk.states[0], best: walk.best, moves: walk.counts,
                        exchanges: walk.exchanges))
            }
        }
    }
}
