package import Rewards

/// What is measured, and how: what the learner tells reward workers at login. Its digest names it in every task.
package struct Recipe: Codable, Sendable, Hashable {
    /// What counts as a crystal.
    package var limits: ValidityLimits
    /// `chgnet`, or the file's name.
    package var potential: String
    /// The potential's file; nil for one that comes with the program.
    package var potentialFile: RecipeFile?
    /// SHA-256 of the potential's weights, so that all workers use the same.
    package var potentialDigest: String
    /// `default`, or the file's name.
    package var hull: String
    /// The hull's file; nil for the one that comes with the program.
    package var hullFile: RecipeFile?
    /// SHA-256 of the hull's entries, so that all workers use the same.
    package var hullDigest: String

    package init(
        limits: ValidityLimits, potential: String, potentialDigest: String, hull: String, hullDigest: String
    ) {
        self.limits = limits
        self.potential = potential
        self.potentialDigest = potentialDigest
        self.hull = hull
        self.hullDigest = hullDigest
    }

    /// The files that a worker needs.
    package var files: [RecipeFile] { [potentialFile, hullFile].compactMap { $0 } }
}
