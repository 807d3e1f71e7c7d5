/// A numbered piece of what a policy version samples, for one actor.
///
/// Everything random about it follows from (run seed, version, unit, crystal), so that it comes out the same wherever,
/// and however often, it is sampled.
package struct WorkUnit: Sendable, Hashable {
    package var runSeed: UInt64
    package var version: PolicyVersion
    /// The unit's number in the version, from 0.
    package var unit: Int
    package var crystalCount: Int

    package init(runSeed: UInt64, version: PolicyVersion, unit: Int, crystalCount: Int) {
        self.runSeed = runSeed
        self.version = version
        self.unit = unit
        self.crystalCount = crystalCount
    }

    /// The names of its crystals, in order.
    package var crystalIDs: [CrystalID] {
        (0..<crystalCount).map { CrystalID(version: version, unit: unit, index: $0) }
    }
}
