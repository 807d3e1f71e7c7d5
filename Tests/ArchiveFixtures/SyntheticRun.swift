package import Archive
internal import Crystals
package import Foundation
internal import Telemetry
internal import Trajectories

/// A run made up for tests: its crystals become more stable from version to version, the same each time.
package struct SyntheticRun {
    package var versionCount: Int
    package var crystalsPerVersion = 64
    /// Whether any crystal gets an energy.
    package var hasScores = true
    private var state: UInt64 = 1

    package init(versionCount: Int, crystalsPerVersion: Int = 64, hasScores: Bool = true) {
        self.versionCount = versionCount
        self.crystalsPerVersion = crystalsPerVersion
        self.hasScores = hasScores
    }

    /// Writes the run into a folder.
    package mutating func write(to folder: URL) throws -> RunDirectory {
        let manifest = RunManifest(
            runID: "20260214-5f0c21ab", build: "0.1.0", seed: 42, referenceDigest: String(repeating: "9f3a", count: 16),
            createdAt: Date(timeIntervalSince1970: 1_771_000_000), host: "node-1")
        let (directory, lock) = try RunDirectory.create(
            at: folder, manifest: manifest, configuration: "seed: 42\nobjective:\n  clip: <per component>\n")
        defer { lock.release() }
        let archive = try RunArchive(url: directory.archive)
        let metrics = try JSONLinesWriter(url: directory.metrics)
        for version in 0..<versionCount {
            let progress = versionCount > 1 ? Double(version) / Double(versionCount - 1) : 0
            let crystals = try (0..<crystalsPerVersion).map {
                try crystal(version: version, index: $0, progress: progress)
            }
            try archive.insert(crystals)
            let record = record(of: crystals, version: version, progress: progress)
            try archive.insert(record, policyDigest: "digest-\(version)")
            try metrics.append(record)
        }
        try archive.close()
        return directory
    }

    private mutating func crystal(version: Int, index: Int, progress: Double) throws -> ArchivedCrystal {
        let symbols = ["Li", "Na", "K", "Mg", "Ca", "Ti", "Fe", "Ni", "Zn", "Al", "O", "S", "F", "Cl", "N", "La", "Hf"]
        let groups = [1, 2, 12, 14, 62, 139, 166, 194, 216, 221, 225, 227]
        let group = try known(SpaceGroup(number: groups[Int(random() * 12)]))
        let names = Set((0..<(2 + Int(random() * 2))).map { _ in symbols[Int(random() * 17)] }).sorted()
        let sites = try names.enumerated().map { place, name in
            Crystal.Site(
                wyckoff: place + 1, element: try known(Element(symbol: name)),
                position: SIMD3(random(), 0.25, 0.5))
        }
        let length = 3.5 + 4 * random()
        let roll = random()
        let outcome: ArchivedCrystal.Outcome =
            !hasScores || roll < 0.07 - 0.04 * progress ? .invalid : roll < 0.08 ? .failed : .scored
        let energy = 0.42 * (1 - 0.55 * progress) * -log(max(random(), 1e-9)) - 0.06 - (random() < 0.003 ? 2 : 0)
        let isScored = outcome == .scored
        return ArchivedCrystal(
            id: .init(version: PolicyVersion(version), unit: index / 16, index: index % 16),
            crystal: Crystal(
                spaceGroup: group, sites: sites,
                lattice: LatticeParameters(a: length, b: length, c: length * 1.2, alpha: 90, beta: 90, gamma: 90)),
            formula: names.enumerated().map { $0.offset == 0 ? $0.element : "\($0.element)\(1 + Int(random() * 4))" }
                .joined().replacingOccurrences(of: "1", with: ""),
            atomCount: names.count * 4, logProbability: .init(w: -3, a: -6, xyz: 2, l: 1),
            referenceLogProbability: .init(w: -3, a: -6, xyz: 2, l: 1), outcome: outcome,
            reason: isScored
                ? nil : outcome == .failed ? "missing_reference" : random() < 0.6 ? "atomsTooClose" : "unterminated",
            measurement: isScored ? .init(energyPerAtom: energy - 5.2, energyAboveHull: energy) : .init([:]),
            reward: isScored ? min(2, exp(-energy / 0.15)) : nil,
            lineage: .init(
                seed: 42, policyDigest: "digest-\(version)", actor: "actor-1", worker: "reward-worker-1",
                potential: "chgnet-0.3.0", hull: "77aa"),
            scoringSeconds: 0.03,
            createdAt: Date(timeIntervalSince1970: 1_771_000_000 + Double(version) * 12))
    }

    private mutating func record(of crystals: [ArchivedCrystal], version: Int, progress: Double) -> StepRecord {
        var record = StepRecord(
            step: version, time: Date(timeIntervalSince1970: 1_771_000_000 + Double(version) * 12))
        record.crystals = crystals.count
        let scored = crystals.compactMap(\.reward)
        record.scored = scored.count
        let floors = [Double](repeating: 0, count: crystals.filter { $0.outcome == .invalid }.count)
        record.setRewards(all: scored + floors, scored: scored)
        let stable = crystals.filter { ($0.energyAboveHull ?? 9) < 0.1 }.count
        record.stableFraction = Double(stable) / Double(crystals.count)
        record.uniqueFraction = 0.99 - 0.05 * progress * random()
        for crystal in crystals where crystal.outcome == .invalid {
            record.invalid[crystal.reason ?? "", default: 0] += 1
        }
        for crystal in crystals where crystal.outcome == .failed {
            record.failed[crystal.reason ?? "", default: 0] += 1
        }
        record.klReference = 1.4 * progress * progress + 0.02 * random()
        record.clipFraction = .init(
            w: 0.02 + 0.03 * random(), a: 0.06 * random() + 0.03, xyz: 0.3 + 0.1 * random(), l: 0.2 + 0.05 * random())
        record.ratio = .init((0..<16).map { _ in 0.8 + 0.4 * random() })
        record.gradientNorm = 0.5 + random()
        record.baseline = record.rewardMean.map { $0 * 0.9 }
        record.rates.sampled = 180 + 20 * random()
        record.rates.scored = 35 + 6 * random()
        record.rates.trained = 20 + 3 * random()
        record.seconds.total = 12 + 2 * random()
        record.seconds.wait = 7 + random()
        record.seconds.train = 4 + random()
        record.seconds.checkpoint = 0.2
        record.workers.actors = 1
        record.workers.rewardWorkers = 2
        record.spread = .init(
            spaceGroups: Set(crystals.map(\.crystal.spaceGroup)).count,
            elements: Set(crystals.flatMap(\.crystal.sites).map(\.element)).count)
        return record
    }

    /// A number in 0..<1 (SplitMix64).
    private mutating func random() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
    }
}
