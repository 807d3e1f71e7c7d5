internal import Base
package import Foundation

/// How records are written as JSON, one object a line.
///
/// Keys are snake_case and sorted; times are ISO 8601 in UTC with milliseconds. A number that is not finite becomes the
/// string "NaN", "Infinity" or "-Infinity", as in the JSON form of Protocol Buffers: a diverged run stays readable.
package enum JSONLines {
    /// What a file of JSON lines holds.
    package struct Contents<Record: Sendable>: Sendable {
        /// The records in file order.
        package let records: [Record]
        /// The number of lines that are not such records: damaged, or of another kind.
        package let skippedLines: Int
    }

    /// One record as a line, without the line break.
    package static func encode(_ record: some Encodable) throws(TelemetryError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(timeFormat))
        }
        do {
            return try encoder.encode(record)
        } catch {
            throw .encoding(type: "\(type(of: record))", reason: "\(error)")
        }
    }

    /// The record in one line; nil if it is none.
    package static func decode<Record: Decodable>(_ type: Record.Type, from line: Data) -> Record? {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        decoder.dateDecodingStrategy = .custom { decoder in
            let text = try decoder.singleValueContainer().decode(String.self)
            return try Date(text, strategy: timeFormat)
        }
        return try? decoder.decode(type, from: line)
    }

    /// The records of a file; a missing file has none.
    package static func read<Record: Decodable & Sendable>(
        _ type: Record.Type, from url: URL
    ) throws(TelemetryError) -> Contents<Record> {
        guard FileManager.default.fileExists(atPath: url.path) else { return Contents(records: [], skippedLines: 0) }
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw .file(path: url.path, operation: "read", reason: FileProblem.reason(of: error))
        }
        var records: [Record] = []
        var skipped = 0
        for line in data.split(separator: UInt8(ascii: "\n")) {
            if let record = decode(type, from: Data(line)) {
                records.append(record)
            } else {
                skipped += 1
            }
        }
        return Contents(records: records, skippedLines: skipped)
    }

    private static var timeFormat: Date.ISO8601FormatStyle {
        Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    }
}
