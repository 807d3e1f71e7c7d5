/// The name of a sampled crystal within a run: it is scored and trained on at most once under it.
package struct CrystalID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The policy version that sampled it.
    package var version: Int
    /// The work unit it belongs to.
    package var unit: Int
    /// Its place in the unit.
    package var index: Int

    package init(version: Int, unit: Int, index: Int) {
        self.version = version
        self.unit = unit
        self.index = index
    }

    package static func < (left: CrystalID, right: CrystalID) -> Bool {
        (left.version, left.unit, left.index) < (right.version, right.unit, right.index)
    }

    package var description: String { "\(version)-\(unit)-\(index)" }
}
