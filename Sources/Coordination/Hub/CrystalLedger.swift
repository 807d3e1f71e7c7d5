package import Base
internal import Crystals
package import Trajectories

/// The crystals of one version and their outcomes, each at the place of its id, whatever order they come in.
package struct CrystalLedger: Sendable {
    private struct Score: Sendable {
        var result: MeasuringResult
        var scoredBy: String
    }

    package let version: PolicyVersion
    /// The digest of the weights that sample them.
    package let policy: Digest
    private let crystalsPerUnit: Int
    private var samples: [SampledCrystal?] = []
    /// Who sampled them, at the same places.
    private var samplers: [String] = []
    /// At the same places; beside the samples, so that an outcome moves no crystal.
    private var scores: [Score?] = []
    /// Crystals that are sampled.
    private(set) var sampledCount = 0
    /// Crystals that have an outcome.
    package private(set) var doneCount = 0

    package init(version: PolicyVersion, policy: Digest, crystalsPerUnit: Int) {
        self.version = version
        self.policy = policy
        self.crystalsPerUnit = crystalsPerUnit
    }

    /// Takes in a sampled crystal of a unit that was granted; false if it is not of this version or already there.
    package mutating func add(_ crystal: SampledCrystal, from peer: String) -> Bool {
        guard let place = place(of: crystal.id) else { return false }
        if place >= samples.count {
            let more = place + 1 - samples.count
            samples += Array(repeating: nil, count: more)
            samplers += Array(repeating: "", count: more)
            scores += Array(repeating: nil, count: more)
        }
        guard samples[place] == nil else { return false }
        samples[place] = crystal
        samplers[place] = peer
        sampledCount += 1
        return true
    }

    /// Takes in an outcome; false if the crystal is unknown or has one.
    package mutating func finish(_ id: CrystalID, _ result: MeasuringResult, from peer: String) -> Bool {
        guard let place = knownPlace(of: id), scores[place] == nil else { return false }
        scores[place] = Score(result: result, scoredBy: peer)
        doneCount += 1
        return true
    }

    /// A crystal with its outcome; nil if it has none.
    package func scored(_ id: CrystalID) -> ScoredCrystal? {
        guard let place = knownPlace(of: id), let sample = samples[place], let score = scores[place] else {
            return nil
        }
        return ScoredCrystal(
            sampled: sample, policy: policy, outcome: score.result.outcome,
            scoringSeconds: score.result.seconds, sampledBy: samplers[place], scoredBy: score.scoredBy)
    }

    /// A sampled crystal; nil if it is not there.
    subscript(_ id: CrystalID) -> SampledCrystal? { knownPlace(of: id).flatMap { samples[$0] } }

    /// The number of sites of a crystal; nil if it is not there.
    func siteCount(of id: CrystalID) -> Int? { self[id]?.crystal.sites.count }

    private func place(of id: CrystalID) -> Int? {
        guard id.version == version, (0..<crystalsPerUnit).contains(id.index), id.unit >= 0 else { return nil }
        let (start, overflow) = id.unit.multipliedReportingOverflow(by: crystalsPerUnit)
        return overflow ? nil : start + id.index
    }

    /// The same for a crystal that is there.
    private func knownPlace(of id: CrystalID) -> Int? {
        guard let place = place(of: id), place < samples.count, samples[place] != nil else { return nil }
        return place
    }

    /// Checks in debug builds that crystals are counted right and stand at their places.
    ///
    /// - Complexity: O(crystals).
    package func checkInvariants() {
        #if DEBUG
            precondition(sampledCount == samples.count { $0 != nil }, "the sampled crystals are miscounted")
            precondition(doneCount == scores.count { $0 != nil }, "the outcomes are miscounted")
            for (place, sample) in samples.enumerated() {
                guard let sample else {
                    precondition(scores[place] == nil, "a crystal has an outcome that was not sampled")
                    continue
                }
                precondition(self.place(of: sample.id) == place, "a crystal stands at another's place")
            }
        #endif
    }
}
