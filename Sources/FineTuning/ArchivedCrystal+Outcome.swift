import Archive
import Base
import Trajectories

extension ArchivedCrystal {
    /// What became of it, as far as judging and training need to know: of a failure the archive keeps the code alone.
    var keptOutcome: Trajectories.Outcome {
        switch outcome {
        case .scored: .measured(measurement)
        case .invalid: .invalid(reason.flatMap(InvalidCrystal.init(rawValue:)) ?? .noAtoms)
        case .failed: .failed(.coded(reason ?? "engine"))
        }
    }

    /// The crystal as the hub had it; nil if it does not say which policy sampled it.
    var scored: ScoredCrystal? {
        guard let policy = Digest(hexadecimal: lineage.policyDigest) else { return nil }
        return ScoredCrystal(
            sampled: SampledCrystal(
                id: id, crystal: crystal, isTerminated: true, logProbability: logProbability,
                referenceLogProbability: referenceLogProbability),
            policy: policy, outcome: keptOutcome, scoringSeconds: scoringSeconds ?? 0, sampledBy: lineage.actor,
            scoredBy: lineage.worker ?? "")
    }
}
