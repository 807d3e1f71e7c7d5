import Base
import Crystals

/// The chains of one crystal, one a temperature, which exchange their crystals. A value: what is asked of policy and
/// energy comes in from outside, and randomness is a function of seed, walk, step and chain.
struct Walk: Sendable {
    private let number: UInt32
    private let settings: RefinementSettings
    private let moves: CrystalMoves
    private(set) var states: [WalkState]
    private(set) var best: WalkState
    /// Of the first chain.
    private(set) var counts: [MoveKind: MoveCount] = [:]
    /// Between each chain and the next.
    private(set) var exchanges: [MoveCount]

    /// A proposal of one chain, and the random number that decides about it.
    struct Proposal {
        let chain: Int
        let kind: MoveKind
        let crystal: Crystal
        let uniform: Double
    }

    /// - Parameter number: of the walk, which names its random numbers.
    init(number: Int, start: WalkState, settings: RefinementSettings) {
        self.number = UInt32(truncatingIfNeeded: number)
        self.settings = settings
        moves = CrystalMoves(of: start.crystal, settings: settings)
        states = settings.temperatures.map { _ in start }
        best = start
        exchanges = settings.temperatures.dropFirst().map { _ in MoveCount() }
    }

    /// What the chains propose in a step; chains whose proposal is no crystal stay where they are.
    mutating func proposals(step: Int) -> [Proposal] {
        var proposals: [Proposal] = []
        for chain in states.indices {
            var generator = generator(step: step, place: UInt32(chain))
            guard let (kind, crystal) = moves.propose(from: states[chain].crystal, &generator) else { continue }
            if chain == 0 { counts[kind, default: MoveCount()].proposed += 1 }
            guard let crystal else { continue }
            proposals.append(
                Proposal(chain: chain, kind: kind, crystal: crystal, uniform: generator.uniform()))
        }
        return proposals
    }

    /// Whether a proposal is refused whatever its energy.
    func refuses(_ proposal: Proposal, logProbability: Double, lowest: Double) -> Bool {
        guard logProbability.isFinite, logProbability > WalkState.impossible else { return true }
        return Metropolis.refuses(
            logProbability: logProbability, from: states[proposal.chain], alpha: settings.alpha,
            temperature: settings.temperatures[proposal.chain], uniform: proposal.uniform, lowest: lowest)
    }

    /// Takes a proposal or leaves it.
    mutating func decide(_ proposal: Proposal, logProbability: Double, energy: Double?) {
        let state = WalkState(crystal: proposal.crystal, logProbability: logProbability, energy: energy)
        guard
            Metropolis.accepts(
                state, from: states[proposal.chain], alpha: settings.alpha,
                temperature: settings.temperatures[proposal.chain], uniform: proposal.uniform)
        else { return }
        states[proposal.chain] = state
        if proposal.chain == 0 { counts[proposal.kind, default: MoveCount()].accepted += 1 }
        if state.isBetter(than: best) { best = state }
    }

    /// Lets each chain and the next one exchange their crystals, at every interval.
    mutating func exchange(step: Int) {
        guard states.count > 1, (step + 1) % settings.exchangeInterval == 0 else { return }
        for lower in exchanges.indices {
            var generator = generator(step: step, place: Self.exchangePlace | UInt32(lower))
            exchanges[lower].proposed += 1
            let temperatures = (settings.temperatures[lower], settings.temperatures[lower + 1])
            if Metropolis.exchanges(
                states[lower], states[lower + 1], alpha: settings.alpha, temperatures: temperatures,
                uniform: generator.uniform())
            {
                states.swapAt(lower, lower + 1)
                exchanges[lower].accepted += 1
            }
        }
    }

    /// Sets the third words of exchanges apart from those of chains.
    private static let exchangePlace: UInt32 = 1 << 23

    private func generator(step: Int, place: UInt32) -> Philox {
        Philox(seed: settings.seed, domain: .refinement, stream: (number, UInt32(truncatingIfNeeded: step), place))
    }
}
