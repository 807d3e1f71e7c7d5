internal import Crystals
internal import Engines
internal import Potentials
internal import Rewards
internal import Stability
internal import Trajectories

/// Measures what terms of a reward are of beside energies, heights and predictions: forces and stress, how far
/// potentials are apart, and what a run's judges say.
struct TermMeasurer: Sendable {
    private let engine: ScoringEngine
    private let measuresForces: Bool
    /// Nil where no term is of the uncertainty.
    private let committee: PotentialCommittee?
    /// Those that a term is of.
    private let judges: [RunJudge]

    /// - Parameters:
    ///   - wanted: what the terms are of.
    ///   - judges: those of the run that this program can ask.
    /// - Throws: `PotentialError` where the potentials of the uncertainty are not there.
    init(_ wanted: Set<Measurement.Quantity>, engine: ScoringEngine, judges: [RunJudge]) throws(PotentialError) {
        self.engine = engine
        measuresForces = !wanted.isDisjoint(with: Self.forces)
        committee = wanted.contains(.uncertainty) ? try .chgnet() : nil
        self.judges = judges.filter { !wanted.isDisjoint(with: $0.quantities) }
    }

    private static let forces: Set<Measurement.Quantity> = [
        .maximumForce, .forceLogMean, .stressLogMean, .forceStressLogMean,
    ]

    /// All that it can measure, of what is wanted.
    var quantities: Set<Measurement.Quantity> {
        judges.reduce((measuresForces ? Self.forces : []).union(committee == nil ? [] : [.uncertainty])) {
            $0.union($1.quantities)
        }
    }

    /// What decides its numbers, in words: of a log; nil where it measures nothing.
    var words: String? {
        let parts =
            (measuresForces ? ["forces"] : []) + (committee == nil ? [] : ["uncertainty"])
            + judges.map { "\($0.name) \($0.potential.digest) \($0.hull?.digest ?? "none")" }
        return parts.isEmpty ? nil : "measured \(parts.joined(separator: " "))"
    }

    func makeEvaluator() -> TermEvaluator {
        TermEvaluator(
            forces: measuresForces ? engine.potential.makeEvaluator() : nil, committee: committee?.makeEvaluator(),
            judges: judges.map { ($0, $0.potential.makeEvaluator()) })
    }
}

/// Measures by a ``TermMeasurer``. Thread rule: one owner.
final class TermEvaluator {
    private let forces: (any PotentialEvaluator)?
    private let committee: CommitteeEvaluator?
    private let judges: [(judge: RunJudge, evaluator: any PotentialEvaluator)]

    fileprivate init(
        forces: (any PotentialEvaluator)?, committee: CommitteeEvaluator?,
        judges: [(judge: RunJudge, evaluator: any PotentialEvaluator)]
    ) {
        self.forces = forces
        self.committee = committee
        self.judges = judges
    }

    /// The numbers of a structure as it is; what cannot be measured of it is left out, as in a run.
    func measure(_ structure: Structure) -> [Measurement.Quantity: Double] {
        var values: [Measurement.Quantity: Double] = [:]
        let wanted: PotentialProperties = [.energy, .forces, .stress]
        if let answer = forces?.evaluate([structure], wanted).first, let found = try? answer.get() {
            values = found.forceQuantities
        }
        values[.uncertainty] = committee?.spread(of: [structure]).first ?? nil
        for (judge, evaluator) in judges {
            guard let answer = evaluator.evaluate([structure], .energy).first,
                let energy = try? answer.get().energyPerAtom
            else { continue }
            values.merge(judge.numbers(of: structure, energyPerAtom: energy)) { first, _ in first }
        }
        return values.filter(\.value.isFinite)
    }
}
