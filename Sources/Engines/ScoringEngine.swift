package import Potentials
package import Rewards
package import Stability

/// The potential and the hull that crystals are measured by, loaded once and shared by the measurers of all threads.
package struct ScoringEngine: Sendable {
    package let potential: any InteratomicPotential
    package let hull: HullReference

    /// Loads them by the names of a configuration: `chgnet`, another of ``PotentialSource/names`` or a file, `default`
    /// or a file.
    /// - Throws: ``ModelError``; also if energies of the one have no place on the other.
    package init(potential: String, hull: String) throws {
        self.potential = try PotentialSource.load(potential)
        self.hull = try HullSource.load(hull)
        try HullSource.check(self.hull, isFor: self.potential)
    }

    /// How the potential's energies are brought onto the hull.
    package var alignment: EnergyAlignment { EnergyAlignment(of: potential.energyConvention, on: hull) }

    /// What names them in checkpoints.
    package var digests: EngineDigests { EngineDigests(potential: potential.digest, hull: hull.digest) }

    /// A measurer that one thread of a team uses at a time.
    package struct Owned: @unchecked Sendable {
        package let measurer: StabilityMeasurer
    }

    /// One measurer for each thread of a team.
    package func measurers(_ count: Int, _ limits: ValidityLimits) -> [Owned] {
        (0..<max(1, count)).map { _ in Owned(measurer: makeMeasurer(limits)) }
    }

    /// A measurer for one thread, of crystals as they are.
    package func makeMeasurer(_ limits: ValidityLimits) -> StabilityMeasurer {
        let measurer = StabilityMeasurer(evaluator: potential.makeEvaluator(), hull: hull, limits: limits)
        measurer.alignment = alignment
        return measurer
    }
}
