package import Crystals
package import Foundation
package import Trajectories

/// One sampled crystal with all that is known of it: a row of the archive.
package struct ArchivedCrystal: Equatable, Sendable {
    package var id: CrystalID
    package var crystal: Crystal
    /// The reduced formula, such as "CaTiO3".
    package var formula: String
    /// The atoms of the conventional cell; nil if the crystal could not be expanded.
    package var atomCount: Int?
    /// Under the policy that sampled it, natural logarithm.
    package var logProbability: LogProbabilities
    /// Under the frozen reference policy, natural logarithm.
    package var referenceLogProbability: LogProbabilities
    package var outcome: Outcome
    /// A stable code of the reason where the outcome is invalid or failed, or where a measured crystal abstains or has
    /// the floor.
    package var reason: String?
    /// All that was measured of it; empty where nothing was.
    package var measurement: Trajectories.Measurement
    /// What training saw; nil before its step, and where it abstains.
    package var reward: Double?
    /// The step whose batch it is in; nil if none is, and before its step.
    package var batch: Step?
    /// The step that trained on it; nil if none did.
    package var trainedAt: Step?
    package var lineage: Lineage
    /// How long the evaluation took, s.
    package var scoringSeconds: Double?
    package var createdAt: Date

    package init(
        id: CrystalID, crystal: Crystal, formula: String, atomCount: Int? = nil, logProbability: LogProbabilities,
        referenceLogProbability: LogProbabilities, outcome: Outcome, reason: String? = nil,
        measurement: Trajectories.Measurement = .init([:]), reward: Double? = nil, trainedAt: Step? = nil,
        lineage: Lineage, scoringSeconds: Double? = nil, createdAt: Date = Date()
    ) {
        self.id = id
        self.crystal = crystal
        self.formula = formula
        self.atomCount = atomCount
        self.logProbability = logProbability
        self.referenceLogProbability = referenceLogProbability
        self.outcome = outcome
        self.reason = reason
        self.measurement = measurement
        self.reward = reward
        self.trainedAt = trainedAt
        self.lineage = lineage
        self.scoringSeconds = scoringSeconds
        self.createdAt = createdAt
    }

    /// eV/atom.
    package var energyPerAtom: Double? { measurement[.energyPerAtom] }
    /// eV/atom; negative below the hull.
    package var energyAboveHull: Double? { measurement[.energyAboveHull] }

    /// What became of it.
    package enum Outcome: String, Sendable, CaseIterable {
        case scored, invalid, failed
    }

    /// Who and what made the numbers.
    package struct Lineage: Equatable, Sendable {
        /// The seed of its work unit.
        package var seed: UInt64
        /// The digest of the policy that sampled it.
        package var policyDigest: String
        package var actor: String
        /// The reward worker; nil if it was never scored.
        package var worker: String?
        /// The potential and its version, such as "chgnet-0.3.0", and after a space its digest.
        package var potential: String
        /// The digest of the hull.
        package var hull: String

        package init(
            seed: UInt64, policyDigest: String, actor: String, worker: String?, potential: String, hull: String
        ) {
            self.seed = seed
            self.policyDigest = policyDigest
            self.actor = actor
            self.worker = worker
            self.potential = potential
            self.hull = hull
        }
    }

    /// The elements in alphabetical order joined by "-", such as "Ca-O-Ti".
    var chemicalSystem: String {
        Set(crystal.sites.map(\.element.symbol)).sorted().joined(separator: "-")
    }
}
