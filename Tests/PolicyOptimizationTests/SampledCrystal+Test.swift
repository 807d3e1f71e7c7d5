import Crystals
import Trajectories

/// A crystal as an actor would send it.
func sampled(
    _ crystal: Crystal, behaviour: LogProbabilities, reference: LogProbabilities, index: Int
) -> SampledCrystal {
    SampledCrystal(
        id: CrystalID(version: 0, unit: 0, index: index), crystal: crystal, isTerminated: true,
        logProbability: behaviour, referenceLogProbability: reference)
}
