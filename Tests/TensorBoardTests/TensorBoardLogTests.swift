import Foundation
import ProgramFixtures
import Telemetry
import TensorBoard
import Testing

/// Event files, by their bytes and by the package that reads them.
struct TensorBoardLogTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func record(step: Int) -> StepRecord {
        var record = StepRecord(step: step, time: Date(timeIntervalSince1970: 1_700_000_000 + Double(step)))
        record.crystals = 36
        record.stableFraction = 0.25
        record.clipFraction = .init(whole: 0.5)
        record.gradientNorm = .nan
        record.invalid = ["overlap": 2]
        return record
    }

    private var parameters: [String: TensorBoardLog.Parameter] {
        ["objective.clip": .number(0.2), "mode": .text("synchronous"), "reward.relax": .truth(false)]
    }

    /// CRC-32C bit by bit, and its mask.
    private func maskedChecksum(_ data: Data) -> UInt32 {
        var crc: UInt32 = ~0
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82f6_3b78 : crc >> 1 }
        }
        crc = ~crc
        return ((crc >> 15) | (crc << 17)) &+ 0xa282_ead8
    }

    /// The records of a file, with their checksums checked.
    private func records(_ file: URL) throws -> [Data] {
        var rest = try Data(contentsOf: file)[...]
        func take(_ count: Int) throws -> Data {
            try #require(rest.count >= count)
            defer { rest = rest.dropFirst(count) }
            return Data(rest.prefix(count))
        }
        func number(_ data: Data) -> UInt64 { data.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
        var records: [Data] = []
        while !rest.isEmpty {
            let length = try take(8)
            #expect(number(try take(4)) == UInt64(maskedChecksum(length)))
            let record = try take(Int(number(length)))
            #expect(number(try take(4)) == UInt64(maskedChecksum(record)))
            records.append(record)
        }
        return records
    }

    private func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder.url, includingPropertiesForKeys: nil)
    }

    @Test func file_isMadeWithTheFirstStep_andHasWholeRecords() throws {
        let log = try TensorBoardLog(folder: folder.url, parameters: parameters)
        try log.end(isComplete: false)
        #expect(try files().isEmpty)
        for step in 0..<3 { try log.append(record(step: step), heights: [0.01, 0.2, .nan]) }
        try log.end(isComplete: true)
        let file = try #require(try files().first)
        #expect(file.lastPathComponent.hasPrefix("events.out.tfevents."))
        let records = try records(file)
        // The format, two of the configuration, three steps, the end.
        #expect(records.count == 7)
        #expect(records[0].range(of: Data("brain.Event:2".utf8)) != nil)
        for record in records[3..<6] {
            #expect(record.range(of: Data("policy/clip_fraction/whole".utf8)) != nil)
            #expect(record.range(of: Data("batch/e_above_hull".utf8)) != nil)
        }
    }

    @Test func scalars_haveTheKeysOfTheLog() throws {
        let values = try StepScalars.values(of: record(step: 3))
        let table = Dictionary(uniqueKeysWithValues: values.map { ($0.tag, $0.value) })
        #expect(table["batch/stable_fraction"] == 0.25 && table["batch/invalid/overlap"] == 2)
        #expect(table["policy/gradient_norm"]?.isNaN == true)
        #expect(!table.keys.contains { $0.hasSuffix("/step") || $0.hasSuffix("/time") || $0.hasSuffix("/version") })
    }

    @Test(.enabled("needs a Python with tensorboard: Scripts/setup-tools") { TestEngines.pythonWithTensorBoard != nil })
    func file_isReadByTensorBoard() throws {
        let log = try TensorBoardLog(folder: folder.url, parameters: parameters)
        for step in 0..<3 { try log.append(record(step: step), heights: [-0.3, 0.01, 0.2, 7]) }
        try log.end(isComplete: true)
        // As one killed in the middle of a record leaves it.
        let file = try #require(try files().first)
        let whole = try Data(contentsOf: file)
        try (whole + Data([40, 0, 0, 0, 0])).write(to: file)
        let script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            from tensorboard.plugins.hparams import plugin_data_pb2
            events = EventAccumulator(sys.argv[1]).Reload()
            histogram = events.Histograms("batch/e_above_hull")[-1].histogram_value
            def hparams(name):
                content = events.SummaryMetadata("_hparams_/" + name).plugin_data.content
                return plugin_data_pb2.HParamsPluginData.FromString(content)
            start = hparams("session_start_info").session_start_info.hparams
            print(json.dumps({
                "stable": [[e.step, e.wall_time, e.value] for e in events.Scalars("batch/stable_fraction")],
                "heights": [histogram.min, histogram.max, histogram.num, sum(histogram.bucket)],
                "clip": start["objective.clip"].number_value, "mode": start["mode"].string_value,
                "relax": start["reward.relax"].bool_value,
                "names": [p.name for p in hparams("experiment").experiment.hparam_infos],
                "status": hparams("session_end_info").session_end_info.status}))
            """
        let python = URL(filePath: try #require(TestEngines.pythonWithTensorBoard))
        let outcome = try DruseProcess.run(executable: python, ["-c", script, folder.url.path])
        let read = try #require(try outcome.objects().first, "\(outcome.messages)")
        let stable = try #require(read["stable"] as? [[Double]])
        #expect(stable == (0..<3).map { [Double($0), 1_700_000_000 + Double($0), 0.25] })
        #expect(read["heights"] as? [Double] == [-0.3, 7, 4, 4])
        #expect(read["clip"] as? Double == 0.2 && read["mode"] as? String == "synchronous")
        #expect(read["relax"] as? Bool == false)
        #expect(read["names"] as? [String] == ["mode", "objective.clip", "reward.relax"])
        #expect(read["status"] as? Int == 1)
    }
}
