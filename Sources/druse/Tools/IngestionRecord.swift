import Base
import Foundation
import StructureFiles

/// What a table was made of, kept beside it: the same data and settings are not ingested twice.
struct IngestionRecord: Codable {
    /// Changes whenever the same data would give another table.
    private static let version = 1

    struct Content: Codable, Equatable {
        var name: String
        var sha256: String
    }

    var version = Self.version
    /// The options that decide results, by name.
    var settings: [String: String]
    var inputs: [Content]
    var outputs: [Content] = []
    var summary = IngestionSummary()

    init(settings: [String: String], inputs: [Content]) {
        self.settings = settings
        self.inputs = inputs
    }

    /// The digests of the files that are read; nil if one cannot be, or is a stream: those are not remembered.
    static func inputs(_ places: [StructurePlace], team: ThreadTeam) -> [Content]? {
        let found = team.map(places) { place, _ -> Content? in
            guard place.name != "stdin", let digest = try? place.digest() else { return nil }
            return Content(name: place.name, sha256: digest.hexadecimal)
        }
        let known = found.compactMap { $0 }
        return known.count == places.count ? known : nil
    }

    static func url(of output: String) -> URL { URL(filePath: "\(output).ingest.json") }

    /// The record beside an output that was made of the same, as long as its files are as they were left.
    func matching(output: String) -> IngestionRecord? {
        guard let data = try? Data(contentsOf: Self.url(of: output)),
            let known = try? JSONDecoder().decode(IngestionRecord.self, from: data), known.version == version,
            known.settings == settings, known.inputs == inputs, !known.outputs.isEmpty,
            (try? Self.outputs(known.outputs.map(\.name))) == known.outputs
        else { return nil }
        return known
    }

    static func outputs(_ paths: [String]) throws -> [Content] {
        try paths.map { path in
            let data = try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
            return Content(name: path, sha256: Digest(of: data).hexadecimal)
        }
    }

    func write(output: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let file = try OutputFile(path: Self.url(of: output).path)
        try file.write(encoder.encode(self))
        try file.finish()
    }
}
