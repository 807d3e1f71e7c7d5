import Configuration
import Crystals
import Engines
import FineTuning
import Foundation
import Policy
import Refinement
import Rewards
import Stability
import Trajectories

/// What `druse refine` lowers: the height above a hull, or the negative of a configuration's reward.
struct RefinementEnergy {
    private enum Source {
        case height(ScoringEngine)
        case reward(RunConfiguration, EngineMeasurerFactory)
    }

    private let source: Source
    /// The elements to choose from where the command names none: those of which crystals can have an energy.
    let elements: [Element]
    /// What a run with the configuration may draw; nothing is forbidden without one.
    let constraint: Constraint

    /// - Parameters:
    ///   - potential: one of ``PotentialSource/names`` or a file.
    ///   - hull: `default` or a file.
    /// - Throws: ``ModelError``.
    init(potential: String, hull: String) throws {
        let engine = try ScoringEngine(potential: potential, hull: hull)
        source = .height(engine)
        elements = engine.hull.elements
        constraint = .none
    }

    /// The reward of a configuration, measured by its potential, hull and models.
    ///
    /// - Throws: `ConfigurationError`, ``ModelError``; ``ToolFailure`` for a reward that one crystal alone cannot have.
    init(_ configuration: RunConfiguration, policy: PolicyConfiguration) throws {
        let reward = configuration.reward
        let problem: String? =
            if reward.combine == .pareto {
                "reward.combine is pareto, which ranks the crystals of a batch"
            } else if reward.normalize != .none {
                "reward.normalize is \(reward.normalize.rawValue), which compares the crystals of a batch"
            } else {
                reward.terms.first { $0.normalize != .none }.map {
                    "the term \($0.name) has normalize: \($0.normalize.rawValue), which compares those of a batch"
                }
            }
        if let problem {
            throw ToolFailure("\(problem): a walk judges crystals one by one; write combine: sum and normalize: none")
        }
        var configuration = configuration
        // What is for the log alone is not measured.
        configuration.reward.uncertaintyShare = 0
        let factory = EngineMeasurerFactory()
        source = .reward(configuration, factory)
        let standard = try MeasuringStandard(potential: configuration.potential, hull: configuration.hull)
        let choice = try configuration.elements.choice(for: standard, policy: policy)
        constraint = choice.constraint
        elements = choice.constraint.elements?.sorted() ?? Element.all.filter { $0.atomicNumber < policy.atomTypes }
        // A term that nobody measures is told now, not after the walks; a guard may stop what is probed, and a model
        // need not know every element.
        var unguarded = configuration
        unguarded.reward.guards = .none
        let some = stride(from: 0, to: elements.count, by: max(1, elements.count / Self.probes)).map { elements[$0] }
        let verdicts = try RewardTrial(unguarded, factory: factory).verdicts(of: some.compactMap(Self.probe))
            .compactMap { if case .measured = $0.outcome { $0.verdict } else { nil } }
        let isJudged = verdicts.contains { if case .success = $0 { true } else { false } }
        if !isJudged { _ = try verdicts.first?.get() }
    }

    /// About so many crystals are probed.
    private static let probes = 12

    /// Rock salt of an element and oxygen, or of oxygen and fluorine.
    private static func probe(_ element: Element) -> Crystal? {
        guard let group = SpaceGroup(number: 225), let oxygen = Element(symbol: "O"),
            let fluorine = Element(symbol: "F")
        else { return nil }
        return Crystal(
            spaceGroup: group,
            sites: [
                Crystal.Site(wyckoff: 1, element: element, position: .zero),
                Crystal.Site(
                    wyckoff: 2, element: element == oxygen ? fluorine : oxygen, position: SIMD3(repeating: 0.5)),
            ],
            lattice: LatticeParameters(a: 4.8, b: 4.8, c: 4.8, alpha: 90, beta: 90, gamma: 90))
    }

    private var isReward: Bool { if case .reward = source { true } else { false } }

    /// What outputs call the energy, and the number they show for one.
    var name: String { isReward ? "reward" : "e_above_hull" }

    func shown(_ energy: Double) -> Double { isReward ? 0 - energy : energy }

    /// What one thread asks.
    func makeEnergy() throws -> any CrystalEnergy {
        switch source {
        case .height(let engine): MeasuredEnergy.heightAboveHull(engine.makeMeasurer(ValidityLimits()))
        case .reward(let configuration, let factory):
            RewardEnergy(try RewardTrial(configuration, factory: factory))
        }
    }
}

/// The negative of what a run would give a crystal as the only one of its batch.
private final class RewardEnergy: CrystalEnergy {
    let lowest = -Double.infinity
    private let trial: RewardTrial

    init(_ trial: RewardTrial) { self.trial = trial }

    /// None for what is no crystal, whatever training gives it, where the reward abstains, and where a term's quantity
    /// is missing.
    func energies(of crystals: [Crystal]) throws -> [Double?] {
        guard !crystals.isEmpty else { return [] }
        return try trial.verdicts(of: crystals).map { outcome, verdict in
            guard case .measured = outcome else { return nil }
            return (try? verdict.get())?.reward.map { -$0 }
        }
    }
}
