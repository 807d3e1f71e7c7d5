package import Archive
package import Foundation
package import Telemetry
internal import Trajectories

/// A run of three steps of six crystals with every fate, and two crystals that wait; the same each time.
package struct LedgerRun {
    package var seed: UInt64 = 42
    package var steps = 3
    /// Who sampled and measured it, and when.
    package var circumstances = "one"
    /// Changes a crystal before it is kept.
    package var change: (inout ArchivedCrystal) -> Void = { _ in }
    /// Changes the record of a step before it is kept.
    package var changeRecord: (inout StepRecord) -> Void = { _ in }

    package init() {}

    package func write(to folder: URL) throws -> RunDirectory {
        let manifest = RunManifest(build: "0.1.0", seed: seed, referenceDigest: "abc", host: circumstances)
        let (directory, lock) = try RunDirectory.create(
            at: folder, manifest: manifest, configuration: "seed: \(seed)\n")
        defer { lock.release() }
        let archive = try RunArchive(url: directory.archive)
        let store = try CheckpointStore(directory: directory.checkpoints, referenceDigest: "abc", run: manifest.mark)
        for step in 0..<steps {
            try write(step, to: archive)
            try store.save(
                Checkpoint(
                    version: step + 1, referenceDigest: "abc",
                    parts: [
                        "policy.safetensors": Data("policy \(step)".utf8),
                        "optimiser.safetensors": Data("moments \(step)".utf8),
                        "state.json": Data("{\"run\": \"\(circumstances)\"}".utf8),
                    ]))
        }
        var waiting = try (0..<2).map { try crystal(step: steps, index: $0) }
        if circumstances != "one" { waiting.removeLast() }
        try archive.insert(waiting)
        try archive.close()
        return directory
    }

    private func write(_ step: Int, to archive: RunArchive) throws {
        let crystals = try (0..<6).map { try crystal(step: step, index: $0) }
        try archive.insert(crystals)
        var verdicts = crystals.map { Verdict(reward: 0.5 + Double($0.id.index) / 8) }
        verdicts[2] = Verdict(reward: 0, reason: "atomsTooClose")
        verdicts[3] = Verdict(reward: nil, reason: "engine_crashed")
        verdicts[4] = Verdict(reward: nil, reason: "sparse_hull")
        let trained = [0, 1, 2].map { crystals[$0].id }
        var record = StepRecord(step: step, time: Date(timeIntervalSince1970: Double(circumstances.utf8.count)))
        (record.crystals, record.scored, record.trained) = (6, 4, 3)
        record.setRewards(all: [0.5, 0.625, 0], scored: [0.5, 0.625])
        record.seconds.total = Double(circumstances.utf8.count)
        (record.regranted, record.requeued, record.duplicates) = circumstances == "one" ? (0, 0, 0) : (1, 2, 3)
        changeRecord(&record)
        try archive.insertPending(
            record, policyDigest: "policy-\(step)", batch: crystals.map(\.id), trainedOn: trained,
            verdicts: zip(crystals, verdicts).map { ($0.id, $1) })
        try archive.insert(record, policyDigest: "policy-\(step)")
    }

    private func crystal(step: Int, index: Int) throws -> ArchivedCrystal {
        var crystal = try exampleCrystal(version: step, unit: index / 4, index: index % 4)
        crystal.reward = nil
        switch index {
        case 2: (crystal.outcome, crystal.reason, crystal.measurement) = (.invalid, "atomsTooClose", .init([:]))
        case 3: (crystal.outcome, crystal.reason, crystal.measurement) = (.failed, "engine_crashed", .init([:]))
        default: break
        }
        crystal.lineage.actor = "actor-\(circumstances)"
        crystal.lineage.worker = "worker-\(circumstances)"
        crystal.scoringSeconds = Double(circumstances.utf8.count)
        crystal.createdAt = Date(timeIntervalSince1970: Double(circumstances.utf8.count))
        change(&crystal)
        return crystal
    }
}
