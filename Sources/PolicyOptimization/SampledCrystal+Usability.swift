internal import Crystals
internal import Policy
internal import Trajectories

extension SampledCrystal {
    /// Whether a policy of these sizes can learn from it: it can describe and draw the crystal, and all numbers are
    /// sensible.
    func isUsable(by configuration: PolicyConfiguration, under constraint: Constraint) -> Bool {
        guard constraint.allows(crystal, maximumSites: configuration.maximumSites) else { return false }
        let lattice = crystal.lattice
        let numbers =
            [lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma]
            + crystal.sites.flatMap { [$0.position.x, $0.position.y, $0.position.z] }
        guard logProbability.isSensible, referenceLogProbability.isSensible,
            numbers.allSatisfy(LogProbabilities.isSensible)
        else { return false }
        return (try? PackedBatch([crystal], configuration: configuration)) != nil
    }
}

extension LogProbabilities {
    /// Numbers beyond this are neither rewards nor log-probabilities, and their squares would drown all others.
    private static let largestNumber = 1e6

    /// Whether a number is finite and of a size that rewards and log-probabilities have.
    static func isSensible(_ number: Double) -> Bool { abs(number) <= largestNumber }

    /// Whether every component is.
    var isSensible: Bool { components.allSatisfy(Self.isSensible) }
}
