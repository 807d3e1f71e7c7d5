internal import Foundation

/// The hyper-parameters of a MEGNet model, as its `config.json` and the metadata of its weights hold them.
struct MEGNetConfiguration: Decodable, Sendable {
    let modelType: String
    let name: String
    /// What it predicts, such as "band gap".
    let property: String
    let unit: String
    /// A prediction is the network's result times this, plus the mean, in `unit`.
    let outputDeviation: Double
    let outputMean: Double
    /// The symbols of the elements in the order of their rows.
    let elements: [String]
    /// "destination": an edge's message goes to the atom that it points to.
    let aggregation: String
    let architecture: Architecture
    let gaussian: Gaussian
    let state: State

    struct Architecture: Decodable, Sendable {
        let nodeEmbedding: Int
        let edgeEmbedding: Int
        let stateEmbedding: Int
        let blockCount: Int
        let inputSizes: [Int]
        let convolutionSizes: [Int]
        let outputSizes: [Int]
        let poolingLayers: Int
        let poolingRounds: Int
        let activation: String
        let isClassification: Bool
        let includesState: Bool
        /// Å
        let cutoff: Double

        private enum CodingKeys: String, CodingKey {
            case nodeEmbedding = "dim_node_embedding"
            case edgeEmbedding = "dim_edge_embedding"
            case stateEmbedding = "dim_state_embedding"
            case blockCount = "nblocks"
            case inputSizes = "hidden_layer_sizes_input"
            case convolutionSizes = "hidden_layer_sizes_conv"
            case outputSizes = "hidden_layer_sizes_output"
            case poolingLayers = "nlayers_set2set"
            case poolingRounds = "niters_set2set"
            case activation = "activation_type"
            case isClassification = "is_classification"
            case includesState = "include_state"
            case cutoff
        }
    }

    /// exp(-gamma (d - mu)²) of distances d, with the centres mu in the weights.
    struct Gaussian: Decodable, Sendable {
        /// 1/Å²
        let gamma: Double
    }

    /// What the network is told beside the crystal.
    struct State: Decodable, Sendable {
        /// "embedding": a row for each fidelity; "vector": numbers that stay the same.
        let kind: String
        let fidelities: [String]?
        let vector: [Double]?

        private enum CodingKeys: String, CodingKey {
            case kind, fidelities
            case vector = "default"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case modelType = "model_type"
        case name, property, unit, architecture, gaussian, state
        case outputDeviation = "output_std"
        case outputMean = "output_mean"
        case elements = "element_types"
        case aggregation = "edge_aggregation"
    }

    /// The width of atoms', edges' and states' features.
    var width: Int { architecture.inputSizes.last ?? 0 }

    /// What of this configuration the evaluator cannot run; nil if nothing.
    var unsupported: String? {
        let sizes = architecture
        if modelType != "MEGNet" { return "model_type is \(modelType), not MEGNet" }
        if aggregation != "destination" {
            return "edge_aggregation is \(aggregation); messages must go to an edge's destination"
        }
        if sizes.activation != "softplus2" { return "the activation is \(sizes.activation), not softplus2" }
        if sizes.isClassification { return "it sorts into classes instead of giving a number" }
        if !sizes.includesState { return "it has no state (include_state)" }
        if sizes.poolingLayers != 1 { return "nlayers_set2set is \(sizes.poolingLayers), not 1" }
        let widths =
            [sizes.nodeEmbedding, sizes.edgeEmbedding, sizes.stateEmbedding] + sizes.inputSizes
            + sizes.convolutionSizes + sizes.outputSizes
        if widths.contains(where: { !(1...1024).contains($0) }) { return "the width of a layer is not in 1 to 1024" }
        if sizes.inputSizes.isEmpty || sizes.inputSizes.last != sizes.convolutionSizes.last {
            return "the last layers of encoders and convolutions must be of one width"
        }
        if [sizes.inputSizes, sizes.convolutionSizes, sizes.outputSizes].contains(where: { $0.count > 16 }) {
            return "it has more than 16 layers in a row"
        }
        if !(1...64).contains(sizes.blockCount) || !(1...64).contains(sizes.poolingRounds) {
            return "nblocks or niters_set2set is out of bounds"
        }
        if !(sizes.cutoff > 0 && sizes.cutoff <= 100) { return "the cutoff is \(sizes.cutoff) Å" }
        if !(gaussian.gamma > 0 && gaussian.gamma.isFinite) { return "gamma of its Gaussians is \(gaussian.gamma)" }
        if !outputMean.isFinite || !outputDeviation.isFinite { return "output_mean or output_std is not finite" }
        return unsupportedState
    }

    private var unsupportedState: String? {
        switch state.kind {
        case "embedding":
            (1...64).contains(state.fidelities?.count ?? 0) ? nil : "its state has no fidelities"
        case "vector":
            state.vector?.count == architecture.stateEmbedding && state.vector?.allSatisfy(\.isFinite) == true
                ? nil : "the default of its state is not \(architecture.stateEmbedding) numbers"
        default: "the kind of its state is \(state.kind)"
        }
    }
}
