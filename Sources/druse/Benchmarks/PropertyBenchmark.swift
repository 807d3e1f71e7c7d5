import Base
import Crystals
import Foundation
import Potentials

/// What a MEGNet prediction costs on crystals as the base policy draws them. The sizes are those of the published model
/// of band gaps, whose weights do not come with the program; what they are costs the same.
struct PropertyBenchmark {
    private let model: MEGNet
    private let threads: Int

    init(threads: Int) throws {
        self.threads = threads
        let folder = FileManager.default.temporaryDirectory.appending(path: "druse-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "model.safetensors")
        try Safetensors(metadata: ["config": try Self.configuration()], tensors: Self.tensors()).encoded()
            .write(to: file)
        model = try MEGNet(contentsOf: file)
    }

    private static let width = 32
    private static let inputs = [64, width]
    private static let convolution = [64, 64, width]
    private static let output = [32, 16]
    private static let centres = 100
    private static let nodes = 16
    private static let states = 16
    private static let cutoff = 5.0
    private static let blocks = 3

    private static func configuration() throws -> String {
        let architecture: [String: Any] = [
            "dim_node_embedding": nodes, "dim_edge_embedding": centres, "dim_state_embedding": states,
            "nblocks": blocks, "hidden_layer_sizes_input": inputs, "hidden_layer_sizes_conv": convolution,
            "hidden_layer_sizes_output": output, "nlayers_set2set": 1, "niters_set2set": 3,
            "activation_type": "softplus2", "is_classification": false, "include_state": true, "cutoff": cutoff,
        ]
        let configuration: [String: Any] = [
            "model_type": "MEGNet", "name": "benchmark", "property": "band gap", "unit": "eV", "output_std": 1,
            "output_mean": 0, "element_types": (1...118).compactMap { Element(atomicNumber: $0)?.symbol },
            "edge_aggregation": "destination", "architecture": architecture, "gaussian": ["gamma": 0.5],
            "state": ["kind": "embedding", "fidelities": ["PBE"]],
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: configuration), as: UTF8.self)
    }

    private static func tensors() -> [String: Safetensors.Tensor] {
        var tensors: [String: Safetensors.Tensor] = [:]
        var generator = Philox(seed: 1, domain: .toolSampling)
        func add(_ name: String, _ shape: [Int]) {
            let scale = 1 / Double(shape.last ?? 1).squareRoot()
            let values = (0..<shape.reduce(1, *)).map { _ in Float(scale * generator.normal()) }
            tensors[name] = Safetensors.Tensor(shape: shape, values: values)
        }
        func add(_ name: String, layers sizes: [Int]) {
            for index in 0..<sizes.count - 1 {
                add("\(name).layers.\(2 * index).weight", [sizes[index + 1], sizes[index]])
                add("\(name).layers.\(2 * index).bias", [sizes[index + 1]])
            }
        }
        add("bond_expansion.rbf.centers", [centres])
        add("embedding.layer_node_embedding.weight", [(1...118).count { Element(atomicNumber: $0) != nil }, nodes])
        add("embedding.layer_state_embedding.weight", [1, states])
        add("edge_encoder", layers: [centres] + inputs)
        add("node_encoder", layers: [nodes] + inputs)
        add("state_encoder", layers: [states] + inputs)
        for block in 0..<blocks {
            for (kind, parts) in [("edge", 4), ("node", 3), ("state", 3)] {
                if block > 0 { add("blocks.\(block).\(kind)_func", layers: [width] + inputs) }
                add("blocks.\(block).conv.\(kind)_func", layers: [parts * width] + convolution)
            }
        }
        for kind in ["edge", "node"] {
            add("\(kind)_s2s.lstm.weight_ih_l0", [4 * width, 2 * width])
            add("\(kind)_s2s.lstm.weight_hh_l0", [4 * width, width])
            add("\(kind)_s2s.lstm.bias_ih_l0", [4 * width])
            add("\(kind)_s2s.lstm.bias_hh_l0", [4 * width])
        }
        add("output_proj", layers: [5 * width] + output + [1])
        return tensors
    }

    /// An evaluator that one thread of the team uses at a time.
    private struct Owned: @unchecked Sendable {
        let evaluator: any PropertyEvaluator
    }

    /// Predicts of all structures again and again; gives structures, seconds and processor time of all threads.
    func run(
        _ structures: [Structure], minimumSeconds: Double
    ) -> (count: Int, seconds: Double, cpuSeconds: Double) {
        let team = ThreadTeam(threadCount: threads)
        let evaluators = (0..<threads).map { _ in Owned(evaluator: model.makeEvaluator()) }
        func round() {
            team.forEach(structures.count) { index, thread in
                _ = evaluators[thread].evaluator.predict([structures[index]])
            }
        }
        round()
        let (start, cpu) = (ContinuousClock.now, ProcessClock.seconds)
        var (count, seconds) = (0, 0.0)
        repeat {
            round()
            count += structures.count
            seconds = (ContinuousClock.now - start) / .seconds(1)
        } while seconds < minimumSeconds
        return (count, seconds, ProcessClock.seconds - cpu)
    }
}

extension Benchmarks {
    /// Predictions of crystals that the base policy draws.
    func property(_ crystals: [Crystal], threads: Int) throws -> BenchmarkRecord {
        let structures = crystals.compactMap { try? $0.structure(cell: .primitive) }
        let result = try PropertyBenchmark(threads: threads).run(structures, minimumSeconds: minimumSeconds)
        var record = BenchmarkRecord(
            benchmark: "property", shape: "base policy's crystals, MEGNet", threads: threads, crystals: result.count,
            seconds: result.seconds)
        record.cpuSeconds = result.cpuSeconds
        record.atomsPerCrystal =
            Double(structures.reduce(0) { $0 + $1.atomCount }) / Double(max(1, structures.count))
        return record
    }
}
