internal import Crystals
internal import Trajectories

extension RewardGuards {
    /// Why a guard stops a crystal, and what it gets.
    struct Stop: Sendable, Hashable {
        /// A stable code for counters and the archive.
        var reason: String
        var action: Action
    }

    /// The first guard that stops a crystal; nil if none does.
    ///
    /// - Parameters:
    ///   - limit: on the uncertainty, eV/atom; nil: none.
    ///   - relaxation: whether the crystal was to be relaxed until it converges.
    func stop(_ crystal: JudgedCrystal, uncertaintyLimit limit: Double?, untilConverged: Bool) -> Stop? {
        let measurement = crystal.measurement
        let isUncertain = limit.flatMap { limit in measurement[.uncertainty].map { $0 > limit } } ?? false
        // Without guards the limit still holds, as in the builds before.
        if use == .none { return isUncertain ? Stop(reason: "too_uncertain", action: .floor) : nil }
        let height = measurement[.energyAboveHull]
        let isSparse = measurement[.hullEntries].map { $0 < Double(sparseEntries) } ?? false
        let candidates: [(reason: String, action: Action, applies: Bool)] = [
            ("single_element", singleElements, crystal.composition.elements.count < 2),
            ("sparse_hull", sparseHull, isSparse),
            ("unconverged", unconverged, untilConverged && measurement[.relaxationConverged] == 0),
            ("too_uncertain", uncertain, isUncertain),
            ("below_hull", belowHull, height.map { $0 < -belowHullBy } ?? false),
        ]
        return candidates.first { $0.applies && $0.action != .allow }.map { Stop(reason: $0.reason, action: $0.action) }
    }

    /// What is left of a reward above the floor when there are so many crystals of the formula.
    ///
    /// - Parameter bounds: [a, b] as in the configuration; empty: all of it.
    static func share(ofRepeats count: Int, _ bounds: [Int]) -> Double {
        guard bounds.count == 2 else { return 1 }
        return min(max(Double(bounds[1] - count) / Double(bounds[1] - bounds[0]), 0), 1)
    }

    /// One minus the mean overlap of each crystal's atomic fractions with those of the others, less the mean of that
    /// over all: what the crystal adds to the spread of the batch, measured by leaving it out.
    static func spreadCredits(_ crystals: [JudgedCrystal]) -> [Double] {
        guard crystals.count > 1 else { return crystals.map { _ in 0 } }
        let fractions = crystals.map { crystal in
            crystal.composition.elements.map { ($0, crystal.composition.fraction(of: $0)) }
        }
        var sums = [Double](repeating: 0, count: 119)
        for (element, share) in fractions.joined() { sums[element.atomicNumber] += share }
        let credits = fractions.map { own in
            1 - own.reduce(0) { $0 + $1.1 * (sums[$1.0.atomicNumber] - $1.1) } / Double(crystals.count - 1)
        }
        let mean = credits.reduce(0, +) / Double(credits.count)
        return credits.map { $0 - mean }
    }
}
