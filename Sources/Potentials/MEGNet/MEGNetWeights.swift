internal import Base
internal import Kernels

/// The weights of a MEGNet model, laid out for the evaluator: matrices as `[inputs, outputs]`.
struct MEGNetWeights: Sendable {
    /// y = x w + b
    struct Layer: Sendable {
        let shape: Linear
        /// `[inputs, outputs]`
        let weight: FloatView
        /// `[outputs]`
        let bias: FloatView
    }

    /// Linear layers, the softplus after each (`output` excepted: none after the last).
    typealias Layers = [Layer]

    /// Layers over concatenated features, the first of which is split by feature: x W = Σ part · W_part.
    struct Joint: Sendable {
        /// `[width, outputs]` each, in the order of the concatenation.
        let parts: [FloatView]
        /// `[outputs]`
        let bias: FloatView
        let outputs: Int
        /// The layers after the first.
        let rest: Layers
    }

    struct Block: Sendable {
        /// What is applied before the convolution; the first block has none.
        let edges: Layers?
        let atoms: Layers?
        let state: Layers?
        /// Over [source, destination, edge, state].
        let edgeUpdate: Joint
        /// Over [atom, mean of its edges, state].
        let atomUpdate: Joint
        /// Over [state, mean of edges, mean of atoms].
        let stateUpdate: Joint
    }

    /// The LSTM of a Set2Set with the weights of both inputs one above the other.
    struct Pooling: Sendable {
        /// `[3 width, 4 width]`: rows of q* (2 width), then of h; columns input, forget, cell, output.
        let weight: FloatView
        /// `[4 width]`, both biases added.
        let bias: [Float]
    }

    /// Å, of the Gaussians.
    let centres: [Double]
    /// `[elements, node embedding]`
    let elementEmbedding: FloatView
    /// `[states, state embedding]`
    let states: FloatView
    let stateCount: Int
    let edgeEncoder: Layers
    let atomEncoder: Layers
    let stateEncoder: Layers
    let blocks: [Block]
    let edgePooling: Pooling
    let atomPooling: Pooling
    let output: Layers

    /// - Throws: `modelTensor`; `modelUnsupported` for tensors that this configuration has no use for.
    init(_ tensors: [String: Safetensors.Tensor], configuration: MEGNetConfiguration, path: String)
        throws(PotentialError)
    {
        var reader = MEGNetReader(tensors: TensorReader(tensors, path: path))
        let sizes = configuration.architecture
        let width = configuration.width
        centres = try reader.tensors.values("bond_expansion.rbf.centers", [sizes.edgeEmbedding]).map(Double.init)
        elementEmbedding =
            FloatBuffer(
                try reader.tensors.values(
                    "embedding.layer_node_embedding.weight", [configuration.elements.count, sizes.nodeEmbedding])
            ).view
        if let fidelities = configuration.state.fidelities, configuration.state.kind == "embedding" {
            stateCount = fidelities.count
            states =
                FloatBuffer(
                    try reader.tensors.values(
                        "embedding.layer_state_embedding.weight", [fidelities.count, sizes.stateEmbedding])
                ).view
        } else {
            stateCount = 1
            states = FloatBuffer((configuration.state.vector ?? []).map(Float.init)).view
        }
        edgeEncoder = try reader.layers("edge_encoder.", [sizes.edgeEmbedding] + sizes.inputSizes)
        atomEncoder = try reader.layers("node_encoder.", [sizes.nodeEmbedding] + sizes.inputSizes)
        stateEncoder = try reader.layers("state_encoder.", [sizes.stateEmbedding] + sizes.inputSizes)
        var blocks: [Block] = []
        for index in 0..<sizes.blockCount {
            let name = "blocks.\(index)."
            let before = [width] + sizes.inputSizes
            let isFirst = index == 0
            blocks.append(
                Block(
                    edges: isFirst ? nil : try reader.layers(name + "edge_func.", before),
                    atoms: isFirst ? nil : try reader.layers(name + "node_func.", before),
                    state: isFirst ? nil : try reader.layers(name + "state_func.", before),
                    edgeUpdate: try reader.joint(name + "conv.edge_func.", 4, width, sizes.convolutionSizes),
                    atomUpdate: try reader.joint(name + "conv.node_func.", 3, width, sizes.convolutionSizes),
                    stateUpdate: try reader.joint(name + "conv.state_func.", 3, width, sizes.convolutionSizes)))
        }
        self.blocks = blocks
        edgePooling = try reader.pooling("edge_s2s.lstm.", width)
        atomPooling = try reader.pooling("node_s2s.lstm.", width)
        output = try reader.layers("output_proj.", [5 * width] + sizes.outputSizes + [1])
        try reader.tensors.requireNothingLeft()
    }
}

/// Takes the parts of a MEGNet.
private struct MEGNetReader {
    var tensors: TensorReader

    /// The linear layers stand at 0, 2, 4, ... with activations between them.
    private mutating func layer(_ name: String, _ index: Int, _ inputs: Int, _ outputs: Int) throws(PotentialError)
        -> MEGNetWeights.Layer
    {
        let name = "\(name)layers.\(2 * index)."
        return MEGNetWeights.Layer(
            shape: Linear(inputs: inputs, outputs: outputs),
            weight: FloatBuffer(try tensors.transposed(name + "weight", [outputs, inputs])).view,
            bias: FloatBuffer(try tensors.values(name + "bias", [outputs])).view)
    }

    /// - Parameter sizes: of the inputs, then of each layer's outputs.
    mutating func layers(_ name: String, _ sizes: [Int]) throws(PotentialError) -> MEGNetWeights.Layers {
        var layers: MEGNetWeights.Layers = []
        for index in 0..<sizes.count - 1 {
            layers.append(try layer(name, index, sizes[index], sizes[index + 1]))
        }
        return layers
    }

    mutating func joint(_ name: String, _ parts: Int, _ width: Int, _ sizes: [Int]) throws(PotentialError)
        -> MEGNetWeights.Joint
    {
        let layers = try layers(name, [parts * width] + sizes)
        let first = layers[0]
        let outputs = first.shape.outputs
        return MEGNetWeights.Joint(
            parts: (0..<parts).map { first.weight.view($0 * width * outputs, width * outputs) }, bias: first.bias,
            outputs: outputs, rest: Array(layers.dropFirst()))
    }

    mutating func pooling(_ name: String, _ width: Int) throws(PotentialError) -> MEGNetWeights.Pooling {
        let weight =
            try tensors.transposed(name + "weight_ih_l0", [4 * width, 2 * width])
            + tensors.transposed(name + "weight_hh_l0", [4 * width, width])
        let biases = (
            try tensors.values(name + "bias_ih_l0", [4 * width]), try tensors.values(name + "bias_hh_l0", [4 * width])
        )
        return MEGNetWeights.Pooling(
            weight: FloatBuffer(weight).view, bias: zip(biases.0, biases.1).map { $0 + $1 })
    }
}
