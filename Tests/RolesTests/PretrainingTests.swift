import Crystals
import Foundation
import Kernels
import Policy
import PolicyOptimization
import Roles
import Synchronization
import Testing

/// Maximum-likelihood training on a small table: it learns, it resumes exactly, it says what is wrong.
@Suite struct PretrainingTests {
    /// A folder with a table of a few crystals.
    private struct Setting {
        let folder: URL
        let file: URL

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "druse-pretraining-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            var table = "material_id,split,cif\n"
            for (index, pair) in [("Na", "Cl"), ("K", "Br"), ("Mg", "O"), ("Li", "F"), ("Ca", "S"), ("Rb", "I")]
                .enumerated()
            {
                let group = try #require(SpaceGroup(number: 225))
                let crystal = Crystal(
                    spaceGroup: group,
                    sites: [
                        .init(wyckoff: 1, element: try #require(Element(symbol: pair.0)), position: .zero),
                        .init(
                            wyckoff: 2, element: try #require(Element(symbol: pair.1)), position: SIMD3(0.5, 0.5, 0.5)),
                    ], lattice: LatticeParameters(a: 5 + Double(index) / 5, b: 5, c: 5, alpha: 90, beta: 90, gamma: 90))
                let cif = try StructureWriter.cif(crystal, id: "x\(index)").replacing("\"", with: "\"\"")
                table += "x\(index),\(index < 5 ? "train" : "val"),\"\(cif)\"\n"
            }
            try table.write(to: folder.appending(path: "data.csv"), atomically: true, encoding: .utf8)
            file = folder.appending(path: "pretrain.yaml")
        }

        func configuration(run: String) -> PretrainingConfiguration {
            var configuration = PretrainingConfiguration()
            configuration.data = ["data.csv"]
            configuration.runDirectory = folder.appending(path: run).path
            configuration.policy.layers = 1
            configuration.policy.heads = 2
            configuration.policy.keySize = 8
            configuration.policy.modelSize = 16
            configuration.policy.embeddingSize = 8
            configuration.policy.firstHiddenSize = 8
            configuration.steps = 40
            configuration.batchSize = 8
            configuration.warmupSteps = 5
            configuration.learningRate = 0.01
            configuration.validateEvery = 10
            configuration.threads = 2
            return configuration
        }

        func weights(run: String, _ name: String) throws -> Data {
            try PolicyWeights(contentsOf: folder.appending(path: "\(run)/\(name).safetensors")).encoded()
        }

        func remove() { try? FileManager.default.removeItem(at: folder) }
    }

    @Test func training_lowersTheLossAndResumesExactly() throws {
        let setting = try Setting()
        defer { setting.remove() }
        let whole = setting.configuration(run: "whole")
        try PretrainingRun(whole, configurationFile: setting.file, shouldStop: { false }).run(resume: false)
        let text = try String(contentsOf: setting.folder.appending(path: "whole/metrics.jsonl"), encoding: .utf8)
        let losses = try text.split(separator: "\n").map {
            try JSONDecoder().decode(PretrainingRun.Record.self, from: Data($0.utf8)).train.total
        }
        #expect(losses.count == 4)
        let last = try #require(losses.last)
        #expect(last < losses[0] - 1)

        let asked = Mutex(0)
        let parts = setting.configuration(run: "parts")
        let stopping: @Sendable () -> Bool = {
            asked.withLock {
                $0 += 1
                return $0 > 17
            }
        }
        try PretrainingRun(parts, configurationFile: setting.file, shouldStop: stopping).run(resume: false)
        #expect(throws: ConfigurationError.self) {
            try PretrainingRun(parts, configurationFile: setting.file, shouldStop: { false }).run(resume: false)
        }
        try PretrainingRun(parts, configurationFile: setting.file, shouldStop: { false }).run(resume: true)
        let (resumed, uninterrupted) = (
            try setting.weights(run: "parts", "latest"), try setting.weights(run: "whole", "latest")
        )
        #expect(resumed == uninterrupted)
        let best = try PolicyWeights(contentsOf: setting.folder.appending(path: "whole/best.safetensors"))
        var generator = Philox(seed: 1)
        #expect(SpaceGroupDistribution(metadata: best.metadata).draw(&generator).number == 225)
    }

    @Test func tableWithoutUsableRows_isRefusedByName() throws {
        let setting = try Setting()
        defer { setting.remove() }
        try "material_id,split,cif\na,train,nonsense\n".write(
            to: setting.folder.appending(path: "data.csv"), atomically: true, encoding: .utf8)
        let error = try #require(throws: ConfigurationError.self) {
            try PretrainingRun(
                setting.configuration(run: "r"), configurationFile: setting.file, shouldStop: { false }
            ).run(resume: false)
        }
        #expect("\(error)".contains("data.csv"))
    }
}
