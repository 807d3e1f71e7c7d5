internal import Potentials
package import Rewards
package import Stability
internal import Trajectories

/// What is measured, and how: what the learner tells reward workers at login. Its digest names it in every task.
package struct Recipe: Codable, Sendable, Hashable {
    /// The name of the judge whose recipe it is; nil for the one that decides.
    package var judge: String?
    /// What counts as a crystal.
    package var limits: ValidityLimits
    /// `chgnet`, `external NAME`, or the file's name.
    package var potential: String
    /// The potential's file; nil for one that comes with the program.
    package var potentialFile: RecipeFile?
    /// SHA-256 of the potential's weights, so that all workers use the same; of an external one, what names it.
    package var potentialDigest: String
    /// `default`, or the file's name; ``HullSource/none``: heights are not measured.
    package var hull: String
    /// The hull's file; nil for the one that comes with the program.
    package var hullFile: RecipeFile?
    /// SHA-256 of the hull's entries, so that all workers use the same.
    package var hullDigest: String

    /// Whether crystals are relaxed before they are judged.
    package var relaxation = RelaxationRule()
    /// The share of the crystals whose uncertainty is measured as well.
    package var uncertaintyShare = 0.0
    /// What is added to energies whose convention asks for it; nil if nothing ever is.
    package var correction: EnergyAlignment?
    /// Nil rather than empty: a recipe without properties is written as one of a build that knew none.
    private var predicted: [RecipeProperty]?
    /// What else is measured, by name; nil rather than empty.
    private var wants: [String]?

    private enum CodingKeys: String, CodingKey {
        case judge, limits, potential, potentialFile, potentialDigest, hull, hullFile, hullDigest, relaxation,
            uncertaintyShare, correction, examination
        case predicted = "properties"
        case wants
    }

    private static let forces = "forces"
    /// What an evaluation asks for, in place of what a run does; nil in a run.
    package var examination: Examination?

    package init(
        limits: ValidityLimits, potential: String, potentialDigest: String, hull: String, hullDigest: String
    ) {
        self.limits = limits
        self.potential = potential
        self.potentialDigest = potentialDigest
        self.hull = hull
        self.hullDigest = hullDigest
    }

    /// The models of properties that predict numbers of each crystal that is measured.
    package var properties: [RecipeProperty] {
        get { predicted ?? [] }
        set { predicted = newValue.isEmpty ? nil : newValue }
    }

    /// Whether forces and stress of the crystals are measured: `Measurement.Quantity.forceLogMean` and its like.
    package var wantsForces: Bool {
        get { wants?.contains(Self.forces) ?? false }
        set { wants = newValue ? [Self.forces] : nil }
    }

    /// The files that a worker needs.
    package var files: [RecipeFile] {
        [potentialFile, hullFile].compactMap { $0 } + properties.compactMap(\.file)
    }

    /// - Throws: `RoleError.cannotServe(_:)` if something is to be measured that this build does not know.
    func checkWants() throws(RoleError) {
        guard let unknown = wants?.first(where: { $0 != Self.forces }) else { return }
        throw .cannotServe(
            "this run measures \(unknown), which this build does not know; use the same build of druse on both sides")
    }

    /// - Throws: `RoleError.cannotServe(_:)` if nothing can be relaxed by the numbers that tell how.
    func checkRelaxations() throws(RoleError) {
        guard let problem = relaxation.problem ?? examination?.relaxation?.problem else { return }
        throw .cannotServe("no crystal can be relaxed as the recipe says: \(problem)")
    }

    /// - Throws: `RoleError.cannotServe(_:)` if the worker would add to energies what the learner does not know of.
    func check(_ alignment: EnergyAlignment) throws(RoleError) {
        guard alignment != .asTheyAre, correction != alignment else { return }
        throw .cannotServe(
            "energies of \(potential) need the corrections \(alignment.rawValue) on the hull \(hull), of which this "
                + "run's learner does not know; use the same build of druse on both sides")
    }

    /// - Throws: `RoleError.cannotServe(_:)`, with both digests, if what is here is another one than the learner's.
    func check(_ kind: String, _ name: String, found: String, expected: String) throws(RoleError) {
        guard found != expected else { return }
        throw .cannotServe(
            "the \(kind) \(name) on this machine is not the learner's: its digest is \(found), the learner's is "
                + "\(expected); use the same build of druse on both sides")
    }
}
