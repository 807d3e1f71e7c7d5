import Archive
import Base
import Foundation
import LivePage

/// Where `druse monitor` gets a run from: its directory, or its page.
struct MonitorSource {
    /// A run at one moment.
    struct Snapshot {
        /// All of it as one object.
        var json: String
        var overview: [String: Any]
        var fleet: [String: Any]
        var steps: [String: Any]
        var books: [String: Any]
    }

    private let document: (String, [String: String]) throws -> Data

    /// - Throws: ``PageError``, `ArchiveError`.
    init(directory: String?, connect: String?, token: String?) throws {
        if let directory {
            let run = RunView(key: "0", directory: try RunDirectory.open(at: URL(filePath: directory)))
            document = { path, query in
                Data((run.document([path], query)?.line ?? "{}").utf8)
            }
        } else {
            let client = try PageClient(url: connect ?? "", token: token)
            document = { path, query in
                let words = query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
                return try client.get("/api/runs/0/\(path)\(words.isEmpty ? "" : "?\(words)")")
            }
        }
    }

    /// - Parameter peers: How many rows of the fleet table.
    func snapshot(peers: Int) throws -> Snapshot {
        let texts = [
            ("overview", try document("overview", [:])),
            ("fleet", try document("fleet", ["count": "\(max(1, peers))", "sort": "rate"])),
            ("steps", try document("steps", [:])), ("books", try document("books", [:])),
        ]
        func object(_ index: Int) -> [String: Any] {
            (try? JSONSerialization.jsonObject(with: texts[index].1)) as? [String: Any] ?? [:]
        }
        let parts = texts.filter { $0.0 != "steps" }
            .map { "\"\($0.0)\":\(String(decoding: $0.1, as: UTF8.self))" }
        return Snapshot(
            json: "{\(parts.joined(separator: ","))}", overview: object(0), fleet: object(1), steps: object(2),
            books: object(3))
    }
}
