import Base
import Configuration
import Coordination
import FineTuning
import Foundation
import Pretraining
import Report
import Telemetry

@testable import Archive
@testable import Evaluation
@testable import HTTP
@testable import Security

// Configurations, keys, requests, and the records that programs leave for the next.
extension Decoder {
    static let texts = [
        Decoder(
            name: "configuration", seeds: { try Seeds.files(".yaml", in: "Configs") + yamlSeeds },
            words: RunConfiguration().entries().map { $0.path + ": " } + yamlWords,
            read: { bytes in
                let text = bytes.text
                _ = ConfigurationLoader.holds("reward.relax", in: text)
                let configuration = try ConfigurationLoader.parse(
                    RunConfiguration.self, text: text, source: "c.yaml", folder: URL(filePath: "/tmp"))
                let written = ConfigurationText.yaml(configuration)
                _ = try ConfigurationLoader.parse(RunConfiguration.self, text: written, source: "again.yaml")
            }),
        Decoder(
            name: "pretraining-configuration", seeds: { try Seeds.files(".yaml", in: "Configs") },
            words: PretrainingConfiguration().entries().map { $0.path + ": " } + yamlWords,
            read: { bytes in
                _ = try ConfigurationLoader.parse(PretrainingConfiguration.self, text: bytes.text, source: "c.yaml")
            }),
        Decoder(
            name: "override",
            seeds: {
                ["objective.kl_weight=0.1", "judges=[{name: a, potential: b}]", "elements.only=[Na, Cl]"]
                    .map([UInt8].init(text:))
            },
            words: RunConfiguration().entries().map { $0.path + "=" } + yamlWords,
            read: { bytes in
                let settings = bytes.text.components(separatedBy: "\n")
                _ = ConfigurationOverride.problem(of: settings)
                _ = try ConfigurationLoader.parse(
                    RunConfiguration.self, text: "{}", source: "c.yaml",
                    overrides: ConfigurationOverride.list(settings))
            }),
        Decoder(
            name: "key", seeds: keySeeds, words: ["druse_key", "name", "role", "public", "secret"], read: readKeys),
        Decoder(
            name: "http",
            seeds: {
                [
                    "GET /a?b=c&d=%20+ HTTP/1.1\r\nHost: x\r\nCookie: key=v; a=b\r\nConnection: close",
                    "HEAD / HTTP/1.0\r\nContent-Length: 0\r\nConnection: keep-alive",
                ].map([UInt8].init(text:))
            },
            words: ["HTTP/1.1", "\r\n", "transfer-encoding", "content-length: ", "cookie: ", "%2e%2e", "%00", "%"],
            read: { bytes in
                let request = try HTTPRequest(head: bytes)
                _ = request.cookie("key")
                expect(!request.path.contains(".."), "a path upwards")
            }),
        Decoder(
            name: "endpoint",
            seeds: {
                let file = EndpointFile(
                    endpoint: "tcp://[::1]:5555", also: ["ipc:///tmp/a", "tcp://host:1"], run: "r", process: 7)
                return [[UInt8](try JSONEncoder().encode(file))]
            },
            words: ["endpoint", "also", "run", "process", "tcp://", "inproc://", "[fe80::1%eth0]", "*", ":65536"],
            read: { bytes in
                if let endpoint = try? Endpoint(bytes.text) {
                    expect(try Endpoint(endpoint.description) == endpoint, "another endpoint")
                    _ = endpoint.fromThisMachine
                }
                _ = try LearnerPlace(content: Data(bytes))
            }),
        Decoder(
            name: "records", seeds: { try recordSeeds() },
            words: ["NaN", "-Infinity", "1e999", "9223372036854775808", "null", "2026-02-14T10:00:00.000Z"],
            read: { bytes in
                for line in bytes.split(separator: UInt8(ascii: "\n")) {
                    let line = Data(line)
                    if let record = JSONLines.decode(StepRecord.self, from: line) { _ = try JSONLines.encode(record) }
                    if let record = JSONLines.decode(RoleRecord.self, from: line) { _ = try JSONLines.encode(record) }
                    _ = try? RunManifest.decode(line, path: "run.json")
                }
            }),
        Decoder(
            name: "evaluation-log", seeds: { try evaluationSeeds() },
            words: ["settings", "space_group", "lattice", "species", "frac_coords", "stopped", "null", "1e999"],
            read: { bytes in
                let url = try ScratchFile.holding([UInt8](text: "{\"settings\":\"s\"}\n") + bytes, name: "log.jsonl")
                let log = try EvaluationLog(url, settings: "s")
                for id in ["a", "b"] {
                    guard let crystal = log.crystal(id) else { continue }
                    _ = crystal.asSampled?.structure.structure
                    _ = crystal.relaxed?.state.structure.structure
                }
            }),
    ]

    private static let yamlSeeds = [
        "seed: 3\nelements:\n  only: [Na, Cl]\nreward: {potential: a}\njudges:\n  - name: a\n",
        "a: &x [1, 2]\nb: *x\nc: !!str 3\nd: |\n  t\n  u\ne: >-\n  f\n'g h': \"\\u00e4\\n\"\n",
        "? k\n: v\n--- \nx: 1\n...\n",
    ].map([UInt8].init(text:))

    private static let yamlWords = [
        "&a ", "*a", "<<: *a", "!!str ", "|\n  ", ">-\n  ", "---\n", "- ", "{", "}", "[", "]", "\"\\x41\"", ".inf",
        ".nan", "0x1F", "1_000", "1e999", "~", "true", "%YAML 1.1\n",
    ]

    private static func keySeeds() throws -> [[UInt8]] {
        let text = String(repeating: "k", count: 40)
        guard let publicKey = PublicKey(text: text), let secretKey = SecretKey(text: text) else { return [] }
        let record = KeyRecord(
            name: "worker-1", role: .actor, pair: KeyPair(publicKey: publicKey, secretKey: secretKey),
            created: "2026-02-14T10:00:00Z")
        return [try record.content(), try record.shared(role: .rewardWorker).content()]
    }

    private static func readKeys(_ bytes: [UInt8]) throws {
        let record = try KeyRecord(bytes, path: "k.pub")
        let again = try KeyRecord(record.content(), path: "again.pub")
        expect(again.publicKey == record.publicKey && again.name == record.name, "another key")
        let list = try AllowList([record.shared()], path: "allowed")
        if let holder = list.holder(of: record.publicKey) { _ = list.role(of: holder) }
        _ = try? AllowList([record, again], path: "allowed")
    }

    private static func recordSeeds() throws -> [[UInt8]] {
        let manifest = RunManifest(build: "b", seed: 1, referenceDigest: "r", host: "h")
        return try [[UInt8](manifest.encoded()).filter { $0 != 10 }]
            + Seeds.files("metrics.jsonl", "roles.jsonl", in: "Tests")
    }

    private static func evaluationSeeds() throws -> [[UInt8]] {
        let crystal = """
            {"id":"a","space_group":225,"formula":"NaCl","elements":["Cl","Na"],"atoms":2,"as_sampled":{"structure":\
            {"lattice":[[3,0,0],[0,3,0],[0,0,3]],"species":["Na"],"frac_coords":[[0,0,0]]},"energy_per_atom":-3}}
            """
        return [[UInt8](text: crystal + "\n" + crystal + "\n{")]
    }
}
