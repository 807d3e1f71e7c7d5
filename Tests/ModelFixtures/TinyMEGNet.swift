package import Base
package import Foundation

/// A small MEGNet of made-up weights that knows Na, Cl, Sr, Ti, O and Si, in two fidelities: the published weights may
/// not be shipped.
package struct TinyMEGNet: Sendable {
    package var name = "tiny-megnet"
    package var property = "band gap"
    package var unit = "eV"
    /// Two models of another phase have other weights.
    package var phase = 0.0
    package var isEmbedding = true

    package let width = 6
    package let centres = 20
    package let cutoff = 4.0
    package var elements = ["Na", "Cl", "Sr", "Ti", "O", "Si"]
    package let blockCount = 2
    package let rounds = 2
    package let deviation = 1.5
    package let mean = 0.25

    package init() {}

    /// The same with rows for the elements 1 to 94.
    package var knowingAllElements: TinyMEGNet {
        var model = self
        model.elements = """
            H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr \
            Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W \
            Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu
            """.split(separator: " ").map(String.init)
        return model
    }

    /// The shapes of its tensors, as they are stored.
    package var shapes: [String: [Int]] {
        var shapes: [String: [Int]] = [
            "bond_expansion.rbf.centers": [centres],
            "embedding.layer_node_embedding.weight": [elements.count, 4],
        ]
        if isEmbedding { shapes["embedding.layer_state_embedding.weight"] = [2, 3] }
        func add(_ prefix: String, _ sizes: [Int]) {
            for index in 0..<sizes.count - 1 {
                shapes["\(prefix).layers.\(2 * index).weight"] = [sizes[index + 1], sizes[index]]
                shapes["\(prefix).layers.\(2 * index).bias"] = [sizes[index + 1]]
            }
        }
        add("edge_encoder", [centres, 8, width])
        add("node_encoder", [4, 8, width])
        add("state_encoder", [3, 8, width])
        for block in 0..<blockCount {
            for (kind, parts) in [("edge", 4), ("node", 3), ("state", 3)] {
                if block > 0 { add("blocks.\(block).\(kind)_func", [width, 8, width]) }
                add("blocks.\(block).conv.\(kind)_func", [parts * width, 8, 8, width])
            }
        }
        for kind in ["edge", "node"] {
            shapes["\(kind)_s2s.lstm.weight_ih_l0"] = [4 * width, 2 * width]
            shapes["\(kind)_s2s.lstm.weight_hh_l0"] = [4 * width, width]
            shapes["\(kind)_s2s.lstm.bias_ih_l0"] = [4 * width]
            shapes["\(kind)_s2s.lstm.bias_hh_l0"] = [4 * width]
        }
        add("output_proj", [5 * width, 6, 4, 1])
        return shapes
    }

    /// The numbers of its tensors.
    package var tensors: [String: Safetensors.Tensor] {
        var tensors: [String: Safetensors.Tensor] = [:]
        for (number, (name, shape)) in shapes.sorted(by: { $0.key < $1.key }).enumerated() {
            let count = shape.reduce(1, *)
            let scale = shape.count == 2 ? 1.6 / Double(shape[1]).squareRoot() : 0.3
            let start: Double = 78.233 * Double(number + 1) + phase
            let values = (0..<count).map { index -> Float in
                let angle: Double = 12.9898 * Double(index + 1) + start
                return Float(scale * sin(angle))
            }
            tensors[name] = Safetensors.Tensor(shape: shape, values: values)
        }
        tensors["bond_expansion.rbf.centers"] = Safetensors.Tensor(
            shape: [centres], values: (0..<centres).map { Float($0) * 5 / Float(centres - 1) })
        return tensors
    }

    /// The configuration in JSON.
    package var configuration: String {
        let architecture: [String: Any] = [
            "dim_node_embedding": 4, "dim_edge_embedding": centres, "dim_state_embedding": 3, "nblocks": blockCount,
            "hidden_layer_sizes_input": [8, width], "hidden_layer_sizes_conv": [8, 8, width],
            "hidden_layer_sizes_output": [6, 4], "nlayers_set2set": 1, "niters_set2set": rounds,
            "activation_type": "softplus2", "is_classification": false, "include_state": true, "cutoff": cutoff,
        ]
        let state: [String: Any] =
            isEmbedding
            ? ["kind": "embedding", "fidelities": ["PBE", "HSE"]] : ["kind": "vector", "default": [0.5, 0, -0.5]]
        let configuration: [String: Any] = [
            "model_type": "MEGNet", "name": name, "property": property, "unit": unit, "output_std": deviation,
            "output_mean": mean, "element_types": elements, "edge_aggregation": "destination",
            "architecture": architecture, "gaussian": ["gamma": 0.5], "state": state,
        ]
        let data = (try? JSONSerialization.data(withJSONObject: configuration, options: .sortedKeys)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// The bytes of its file.
    package func encoded(changing change: (inout [String: Safetensors.Tensor]) -> Void = { _ in }) -> Data {
        var tensors = tensors
        change(&tensors)
        return Safetensors(metadata: ["config": configuration], tensors: tensors).encoded()
    }

    /// Writes its file.
    @discardableResult package func write(to url: URL) throws -> URL {
        try encoded().write(to: url)
        return url
    }
}
