import Archive
import Trajectories

extension RunArchive {
    /// The outcomes of a version that was interrupted, as far as the same policy, potential and hull made them.
    ///
    /// Crystals that could not be evaluated are left out: they are tried again.
    ///
    /// - Parameters:
    ///   - policy: The digest of the policy that sampled the version.
    ///   - potential: Name and digest, as in the archive's lineage.
    ///   - hull: The digest of its entries.
    func knownOutcomes(
        version: PolicyVersion, policy: String, potential: String, hull: String
    ) throws -> [CrystalID: KnownOutcome] {
        var known: [CrystalID: KnownOutcome] = [:]
        for row in try crystals(versions: version.number...version.number) {
            let lineage = row.lineage
            guard lineage.policyDigest == policy, lineage.potential == potential, lineage.hull == hull,
                let outcome = row.measuredOutcome
            else { continue }
            known[row.id] = KnownOutcome(
                crystal: row.crystal, result: MeasuringResult(outcome: outcome, seconds: row.scoringSeconds ?? 0),
                scoredBy: lineage.worker ?? "")
        }
        return known
    }
}

extension ArchivedCrystal {
    /// What became of it, to the last bit; nil if it could not be evaluated.
    fileprivate var measuredOutcome: Trajectories.Outcome? {
        switch outcome {
        case .scored:
            return measurement.values.isEmpty ? nil : .measured(measurement)
        case .invalid: return reason.flatMap(InvalidCrystal.init(rawValue:)).map(Trajectories.Outcome.invalid)
        case .failed: return nil
        }
    }
}
