import Archive
import Base
import Configuration
import Crystals
import Foundation
import Kernels
import Policy
import PolicyOptimization
import Pretraining
import StructureFiles
import Synchronization
import Testing
import Trajectories

/// Maximum-likelihood training on a small table: it learns, it resumes exactly, it says what is wrong.
@Suite struct PretrainingTests {
    /// A folder with a table of a few crystals.
    private struct Setting {
        let folder: URL

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
        }

        func configuration(run: String) -> PretrainingConfiguration {
            var configuration = PretrainingConfiguration()
            configuration.data = [folder.appending(path: "data.csv").path]
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
        try PretrainingRun(whole, shouldStop: { false }).run(resume: false)
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
        try PretrainingRun(parts, shouldStop: stopping).run(resume: false)
        #expect(throws: ConfigurationError.self) {
            try PretrainingRun(parts, shouldStop: { false }).run(resume: false)
        }
        try PretrainingRun(parts, shouldStop: { false }).run(resume: true)
        let (resumed, uninterrupted) = (
            try setting.weights(run: "parts", "latest"), try setting.weights(run: "whole", "latest")
        )
        #expect(resumed == uninterrupted)
        let best = try PolicyWeights(contentsOf: setting.folder.appending(path: "whole/best.safetensors"))
        var generator = Philox(seed: 1, domain: .testing)
        #expect(SpaceGroupDistribution(metadata: best.metadata).draw(&generator).number == 225)
    }

    /// What decides the weights cannot change under a resumed run; where it runs and where its data lie may.
    @Test func resume_ofAnotherRun_isRefusedWithKeyAndValuesAndTouchesNothing() throws {
        let setting = try Setting()
        defer { setting.remove() }
        let begun = setting.configuration(run: "r")
        let asked = Mutex(0)
        let stopping: @Sendable () -> Bool = {
            asked.withLock {
                $0 += 1
                return $0 > 12
            }
        }
        try PretrainingRun(begun, shouldStop: stopping).run(resume: false)
        let folder = setting.folder.appending(path: "r")
        func contents() throws -> [String: Data] {
            var table: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name != "lock" {
                table[name] = try Data(contentsOf: folder.appending(path: name))
            }
            return table
        }
        let before = try contents()
        func refusal(_ change: (inout PretrainingConfiguration) -> Void) throws -> String {
            var other = begun
            change(&other)
            let error = try #require(throws: ConfigurationError.self) {
                try PretrainingRun(other, shouldStop: { false }).run(resume: true)
            }
            #expect(try contents() == before)
            return "\(error)"
        }
        let changes: [(String, String, String, (inout PretrainingConfiguration) -> Void)] = [
            ("seed", "1", "2", { $0.seed = 2 }), ("batch_size", "8", "9", { $0.batchSize = 9 }),
            ("steps", "40", "41", { $0.steps = 41 }), ("learning_rate", "0.01", "0.02", { $0.learningRate = 0.02 }),
            ("policy.num_layers", "1", "2", { $0.policy.layers = 2 }),
            ("validation_limit", "0", "3", { $0.validationLimit = 3 }),
        ]
        for (key, old, new, change) in changes {
            let text = try refusal(change)
            #expect(text.contains("cannot go on: \(key) is \(new), the run has \(old). "), "\(text)")
        }
        let table = try String(contentsOf: setting.folder.appending(path: "data.csv"), encoding: .utf8)
        try table.replacing("Rb", with: "Cs").write(
            to: setting.folder.appending(path: "other.csv"), atomically: true, encoding: .utf8)
        #expect(
            try refusal { $0.data = [setting.folder.appending(path: "other.csv").path] }.contains(
                "the validation crystals have SHA-256"))
        try FileManager.default.moveItem(
            at: setting.folder.appending(path: "data.csv"), to: setting.folder.appending(path: "moved.csv"))
        var moved = begun
        moved.data = [setting.folder.appending(path: "moved.csv").path]
        moved.threads = 1
        try PretrainingRun(moved, shouldStop: { false }).run(resume: true)
        #expect(try Data(contentsOf: folder.appending(path: "config.yaml")) == before["config.yaml"])
    }

    @Test func check_findsWhatARunWould_andChangesNothing() throws {
        let setting = try Setting()
        defer { setting.remove() }
        let begun = setting.configuration(run: "r")
        let run = PretrainingRun(begun, shouldStop: { true })
        let folder = setting.folder.appending(path: "r")
        #expect(try run.check(resume: false).first?.contains("steps 0 to 40 of 8 crystals") == true)
        #expect(throws: ConfigurationError.self) { try run.check(resume: true) }
        var missing = begun
        missing.data = ["/none.csv"]
        #expect(throws: (any Error).self) {
            try PretrainingRun(missing, shouldStop: { true }).check(resume: false)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        try run.run(resume: false)
        #expect(throws: ConfigurationError.self) { try run.check(resume: false) }
        #expect(try run.check(resume: true).first?.hasPrefix("goes on with") == true)
        var other = begun
        other.seed = 2
        #expect(throws: ConfigurationError.self) {
            try PretrainingRun(other, shouldStop: { true }).check(resume: true)
        }
        let stored = try String(contentsOf: folder.appending(path: "config.yaml"), encoding: .utf8)
        #expect(stored.contains("learning_rate: 0.01\n") && stored.contains(begun.data[0]))
    }

    /// Nothing is left to do, and nothing is touched.
    @Test func resume_ofAFinishedPretraining_changesNothing() throws {
        let setting = try Setting()
        defer { setting.remove() }
        var configuration = setting.configuration(run: "r")
        (configuration.steps, configuration.validateEvery) = (2, 1)
        let run = PretrainingRun(configuration, shouldStop: { false })
        #expect(try run.run(resume: false) == .done(steps: 2))
        let folder = setting.folder.appending(path: "r")
        let names = ["metrics.jsonl", "latest.safetensors", "config.yaml"]
        let before = try names.map { try Data(contentsOf: folder.appending(path: $0)) }
        #expect(try run.run(resume: true) == .wasDone(steps: 2))
        #expect(try names.map { try Data(contentsOf: folder.appending(path: $0)) } == before)
    }

    /// What has a name of the run's and is not its own stays as it is.
    @Test(arguments: ["config.yaml", "metrics.jsonl"]) func foreignFile_isRefusedAndStays(name: String) throws {
        let setting = try Setting()
        defer { setting.remove() }
        let folder = setting.folder.appending(path: "r")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        try Data("mine".utf8).write(to: file)
        let run = PretrainingRun(setting.configuration(run: "r"), shouldStop: { true })
        #expect(throws: ArchiveError.occupied(path: folder.path, names: [name])) { try run.check(resume: false) }
        #expect(throws: ArchiveError.occupied(path: folder.path, names: [name])) { try run.run(resume: false) }
        #expect(try Data(contentsOf: file) == Data("mine".utf8))
    }

    @Test func resume_withoutARun_isRefusedAndLeavesNothing() throws {
        let setting = try Setting()
        defer { setting.remove() }
        let run = PretrainingRun(
            setting.configuration(run: "r"), shouldStop: { false })
        #expect(throws: ConfigurationError.self) { try run.run(resume: true) }
        #expect(!FileManager.default.fileExists(atPath: setting.folder.appending(path: "r").path))
    }

    /// Divergence ends the run; what it leaves is the last checkpoint whose numbers are good.
    @Test(arguments: [1e30, 1e39]) func absurdLearningRate_endsWithTheLastGoodCheckpoint(rate: Double) throws {
        let setting = try Setting()
        defer { setting.remove() }
        var configuration = setting.configuration(run: "r")
        configuration.learningRate = rate
        configuration.warmupSteps = 0
        let run = PretrainingRun(configuration, shouldStop: { false })
        let error = try #require(throws: RoleError.self) { try run.run(resume: false) }
        #expect("\(error)".contains("diverges") && "\(error)".contains("learning_rate"))
        let left = try PolicyWeights(encoded: setting.weights(run: "r", "latest"))
        let first = PolicyWeights(random: configuration.seed, configuration: configuration.policy)
        #expect(left.parameters.array == first.parameters.array)
        #expect(!FileManager.default.fileExists(atPath: setting.folder.appending(path: "r/best.safetensors").path))
    }

    @Test func secondProcess_isRefused() throws {
        let setting = try Setting()
        defer { setting.remove() }
        let configuration = setting.configuration(run: "r")
        let folder = setting.folder.appending(path: "r")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try RunLock(url: folder.appending(path: "lock"))
        defer { lock.release() }
        let run = PretrainingRun(configuration, shouldStop: { false })
        #expect(throws: ArchiveError.self) { try run.run(resume: false) }
    }

    /// Tables state P1 and call their parts in several ways; what the search finds is told.
    @Test func searchedSymmetry_isToldByGroup() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-tables-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let cell =
            "_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
            + "_cell_angle_gamma 90\n"
        let columns = "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
        let cubic = "\"data_a\n\(cell)\(columns)Po1 0 0 0\n\""
        let none = "\"data_a\n\(cell)\(columns)Si1 0 0 0\nO1 .1 .2 .3\nF1 .37 .62 .81\n\""
        let vacant = "\"data_a\n\(cell)\(columns)Vac1 0 0 0\n\""
        let file = folder.appending(path: "t.csv")
        try "Split,cif\nTrain,\(cubic)\nvalid,\(cubic)\nTRAINING,\(none)\ntest,\(cubic)\ntrain,\(vacant)\n".write(
            to: file, atomically: true, encoding: .utf8)
        let set = try TrainingSet.read([file], maximumSites: 10, threads: 1)
        #expect(set.train.map(\.spaceGroup.number) == [221, 1])
        #expect(set.validation.count == 1)
        #expect(set.searched == [221: 3, 1: 1])
        #expect(
            set.searchSummary
                == "symmetry was searched for 4 rows that state none but P1, and 3 have more: 3 of group 221")
        #expect(set.skippedSummary == "left out: 1 (no atom), 1 (other split)")
        #expect(set.sharedSummary?.hasPrefix("1 of the 1 crystals to validate on are trained on as well") == true)
    }

    @Test func tableWithoutUsableRows_isRefusedByName() throws {
        let setting = try Setting()
        defer { setting.remove() }
        try "material_id,split,cif\na,train,nonsense\n".write(
            to: setting.folder.appending(path: "data.csv"), atomically: true, encoding: .utf8)
        let error = try #require(throws: ConfigurationError.self) {
            try PretrainingRun(
                setting.configuration(run: "r"), shouldStop: { false }
            ).run(resume: false)
        }
        #expect("\(error)".contains("data.csv"))
        #expect(!FileManager.default.fileExists(atPath: setting.folder.appending(path: "r").path))
    }
}
