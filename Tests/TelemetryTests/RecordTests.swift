import Base
import Foundation
import Telemetry
import Testing

@Suite struct RecordTests {
    private func record() -> StepRecord {
        var record = StepRecord(step: 12, time: Date(timeIntervalSince1970: 1_750_000_000.125))
        record.crystals = 256
        record.scored = 240
        record.setRewards(all: [1, 0, 0.5, 0.5], scored: [1, 0.5, 0.5])
        record.stableFraction = 0.25
        record.uniqueFraction = 0.97
        record.invalid = ["atomsTooClose": 12, "unterminated": 2]
        record.failed = ["missing_reference": 2]
        record.klReference = 0.031
        record.clipFraction = .init(w: 0.1, a: 0.2, xyz: 0.3, l: 0.4)
        record.ratio = .init([0.5, 1.5])
        record.gradientNorm = 0.84
        record.rates.trained = 41.23
        record.seconds.wait = 8.1
        record.seconds.train = 2.2
        record.seconds.total = 12.41
        record.workers.actors = 1
        record.workers.rewardWorkers = 2
        record.requeued = 3
        record.spread = .init(spaceGroups: 41, elements: 63)
        return record
    }

    @Test func stepRecord_asJSON_hasSnakeCaseKeysAndComesBack() throws {
        let line = try JSONLines.encode(record())
        let text = String(decoding: line, as: UTF8.self)
        for part in [
            "\"reward_mean\":0.5", "\"reward_mean_scored\":0.66", "\"stable_fraction\":0.25", "\"kl_reference\":0.031",
            "\"clip_fraction\":{\"a\":0.2,", "\"reward_workers\":2",
            "\"invalid\":{\"atomsTooClose\":12,\"unterminated\":2}",
            "\"ess\":0.8", "\"time\":\"2025-06-15T15:06:40.125Z\"", "\"space_groups\":41",
            "\"crystals_per_second\":{\"sampled\":0,",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        #expect(!text.contains("\n"))
        #expect(JSONLines.decode(StepRecord.self, from: line) == record())
    }

    /// Lines of earlier builds name the step by the version that it began with.
    @Test func stepRecord_withoutAStep_isThatOfItsVersion() throws {
        var text = String(decoding: try JSONLines.encode(record()), as: UTF8.self)
        #expect(text.contains("\"step\":12") && text.contains("\"version\":12"))
        text.replace("\"step\":12,", with: "")
        #expect(!text.contains("step"))
        let earlier = try #require(JSONLines.decode(StepRecord.self, from: Data(text.utf8)))
        #expect(earlier.step == 12 && earlier.version == 12 && earlier.crystals == 256 && earlier.trained == nil)
    }

    @Test func stepRecord_withNumbersThatAreNotFinite_comesBack() throws {
        var record = StepRecord(step: 1, time: Date(timeIntervalSince1970: 0))
        record.klReference = .infinity
        record.gradientNorm = -.infinity
        #expect(JSONLines.decode(StepRecord.self, from: try JSONLines.encode(record)) == record)
    }

    @Test func stepRecord_humanLine_tellsWhatMatters() {
        #expect(
            record().humanLine == """
                step 12  reward 0.500 ± 0.204  stable 25.0%  valid 94.5%  failed 2  unique 97.0%  KL 0.0310  \
                clip 25.0%  gradient 0.840  20.6 crystals/s  12.4 s (wait 8.1, train 2.2)  actors 1, reward workers 2  \
                requeued 3
                """)
        let empty = StepRecord(step: 0)
        var abstaining = StepRecord(step: 0)
        abstaining.crystals = 200
        (abstaining.abstained, abstaining.failed) = (["sparse_hull": 4, "engine": 2], ["engine": 2])
        #expect(abstaining.humanLine.contains("failed 2  abstain 2.0%"))
        #expect(empty.humanLine == "step 0  0 crystals/s  0.00 s  actors 0, reward workers 0")
    }

    @Test func stableError_isBinomial() {
        #expect(record().stableError == (0.25 * 0.75 / 256).squareRoot())
        #expect(StepRecord(step: 0).stableError == nil)
    }

    @Test func read_ofAStepWrittenTwice_keepsTheLater() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "metrics.jsonl")
            let writer = try JSONLinesWriter(url: url)
            var second = record()
            second.step = 13
            try writer.append(second)
            try writer.append(record())
            second.crystals = 7
            try writer.append(second)
            let records = try StepRecord.read(from: url)
            #expect(records.map(\.step) == [12, 13])
            #expect(records.last?.crystals == 7)
        }
    }

    @Test func roleRecord_hasKeysAndALine() throws {
        var record = RoleRecord(role: "learner", id: "learner", time: Date(timeIntervalSince1970: 0))
        record.crystals = 5_120
        record.crystalsPerSecond = 41.2
        record.busyFraction = 0.931
        record.memoryMegabytes = 212.4
        record.weightVersion = 12
        record.queues = ["tasks": 7, "intake": 0]
        let text = String(decoding: try JSONLines.encode(record), as: UTF8.self)
        #expect(text.contains("\"memory_mb\":212.4"))
        #expect(text.contains("\"weight_version\":12"))
        #expect(
            record.humanLine == "learner  weights 12  5,120 crystals  41.2/s  busy 93.1%  212 MB  intake 0  tasks 7")
        #expect(JSONLines.decode(RoleRecord.self, from: Data(text.utf8)) == record)
    }

    @Test func processMemory_isKnownAndPlausible() {
        let megabytes = ProcessMemory.residentMegabytes
        #expect(megabytes.map { $0 > 1 && $0 < 1e6 } ?? true)
    }
}
