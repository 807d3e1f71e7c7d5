import Base
import Kernels

/// The weights of a CHGNet model, laid out for the evaluator: matrices as `[inputs, outputs]`, core and gate side by
/// side.
struct CHGNetWeights: Sendable {
    /// A matrix, and its transpose for the backward pass: products with the latter as it stands are faster.
    struct Matrix: Sendable {
        /// `[inputs, outputs]`
        let forward: FloatView
        /// `[outputs, inputs]`
        let backward: FloatView

        init(_ values: [Float], inputs: Int, outputs: Int) {
            forward = FloatBuffer(values).view
            backward =
                FloatBuffer((0..<inputs * outputs).map { values[($0 % inputs) * outputs + $0 / inputs] }).view
        }
    }

    /// A gated MLP over concatenated features, split by feature: x W = Σ part · W_part.
    struct Gate: Sendable {
        /// For each concatenated part `[width, 2 width]`, core then gate; in the order of the concatenation.
        let parts: [Matrix]
        /// `[2 width]`, of the first linear layer.
        let bias: FloatView
        /// The second linear layer; nil if there is one layer only.
        let hidden: Hidden?
        let norm: GraphKernels.GateNorm?

        /// `[width, width]` each, and the biases `[2 width]`.
        struct Hidden: Sendable {
            let core: Matrix
            let gate: Matrix
            let bias: FloatView
        }
    }

    /// A convolution: a gated message, summed, then a linear layer.
    struct Convolution: Sendable {
        let gate: Gate
        /// `[width, width]`
        let output: Matrix
        /// `[width]`
        let outputBias: FloatView?
    }

    struct ReadoutLayer: Sendable {
        let inputs: Int
        let outputs: Int
        let weight: Matrix
        /// `[outputs]`
        let bias: FloatView
    }

    /// eV/atom by atomic number - 1.
    let referenceEnergies: [Double]
    /// `[elements, width]`
    let atomEmbedding: FloatView
    /// `[radial, width]`
    let bondEmbedding: FloatView
    let atomMessageWeights: FloatView
    let bondMessageWeights: FloatView
    /// `[2 order + 1, width]`
    let angleEmbedding: FloatView
    let atomFrequencies: [Double]
    let bondFrequencies: [Double]
    let angleFrequencies: [Double]
    let atomConvolutions: [Convolution]
    let bondConvolutions: [Convolution]
    let angleLayers: [Gate]
    /// Scale and offset, `[width]`.
    let readoutNorm: (scale: FloatView, offset: FloatView)?
    /// The last one has one output: the energy of the site, eV.
    let readout: [ReadoutLayer]
    /// `[width]`, and what is added: the magnetic moment of a site, μB.
    let momentWeight: FloatView
    let momentBias: Double

    /// - Throws: `modelTensor`; `modelUnreadable` for numbers that are not finite, `modelUnsupported` for tensors that
    ///   this configuration has no use for.
    init(_ tensors: [String: Safetensors.Tensor], configuration: CHGNetConfiguration, path: String)
        throws(PotentialError)
    {
        var reader = CHGNetReader(configuration: configuration, tensors: TensorReader(tensors, path: path))
        let width = configuration.atomFeatures
        let elements = configuration.largestAtomicNumber
        let radial = configuration.radialCount
        let order = configuration.fourierOrder
        referenceEnergies = try reader.values("composition_model.fc.weight", [1, elements]).map(Double.init)
        atomEmbedding = FloatBuffer(try reader.values("atom_embedding.embedding.weight", [elements, width])).view
        bondEmbedding = FloatBuffer(try reader.transposed("bond_embedding.weight", [width, radial])).view
        atomMessageWeights = FloatBuffer(try reader.transposed("bond_weights_ag.weight", [width, radial])).view
        bondMessageWeights = FloatBuffer(try reader.transposed("bond_weights_bg.weight", [width, radial])).view
        angleEmbedding = FloatBuffer(try reader.transposed("angle_embedding.weight", [width, 2 * order + 1])).view
        let basis = "bond_basis_expansion.rbf_expansion_"
        atomFrequencies = try reader.values(basis + "ag.frequencies", [radial]).map(Double.init)
        bondFrequencies = try reader.values(basis + "bg.frequencies", [radial]).map(Double.init)
        angleFrequencies = try reader.values(
            "angle_basis_expansion.fourier_expansion.frequencies", [order]
        ).map(Double.init)
        var atoms: [Convolution] = []
        var bonds: [Convolution] = []
        var angles: [Gate] = []
        for layer in 0..<configuration.convolutionCount {
            let name = "atom_conv_layers.\(layer)."
            atoms.append(try reader.convolution(name, gate: name + "twoBody_atom.", parts: 3))
        }
        for layer in 0..<configuration.convolutionCount - 1 {
            let name = "bond_conv_layers.\(layer)."
            bonds.append(try reader.convolution(name, gate: name + "twoBody_bond.", parts: 4))
            angles.append(try reader.gate("angle_layers.\(layer).twoBody_bond.", parts: 4, hidden: false))
        }
        atomConvolutions = atoms
        bondConvolutions = bonds
        angleLayers = angles
        if configuration.readoutNorm == nil {
            readoutNorm = nil
        } else {
            readoutNorm = (
                FloatBuffer(try reader.values("readout_norm.weight", [width])).view,
                FloatBuffer(try reader.values("readout_norm.bias", [width])).view
            )
        }
        readout = try reader.readout(configuration.readoutHidden)
        momentWeight = FloatBuffer(try reader.values("site_wise.weight", [1, width])).view
        momentBias = Double(try reader.values("site_wise.bias", [1])[0])
        try reader.tensors.requireNothingLeft()
    }
}

/// Takes the parts of a CHGNet.
private struct CHGNetReader {
    let configuration: CHGNetConfiguration
    var tensors: TensorReader

    var width: Int { configuration.atomFeatures }

    mutating func values(_ name: String, _ shape: [Int]) throws(PotentialError) -> [Float] {
        try tensors.values(name, shape)
    }

    mutating func transposed(_ name: String, _ shape: [Int]) throws(PotentialError) -> [Float] {
        try tensors.transposed(name, shape)
    }

    mutating func matrix(_ name: String, inputs: Int, outputs: Int) throws(PotentialError) -> CHGNetWeights.Matrix {
        CHGNetWeights.Matrix(try transposed(name, [outputs, inputs]), inputs: inputs, outputs: outputs)
    }

    mutating func convolution(
        _ name: String, gate gateName: String, parts: Int
    ) throws(PotentialError) -> CHGNetWeights.Convolution {
        let gate = try gate(gateName, parts: parts, hidden: true)
        let output = try matrix(name + "mlp_out.layers.1.weight", inputs: width, outputs: width)
        let bias =
            configuration.outputBias ? FloatBuffer(try values(name + "mlp_out.layers.1.bias", [width])).view : nil
        return CHGNetWeights.Convolution(gate: gate, output: output, outputBias: bias)
    }

    mutating func gate(_ name: String, parts: Int, hidden: Bool) throws(PotentialError) -> CHGNetWeights.Gate {
        let core = name + "mlp_core.layers."
        let gate = name + "mlp_gate.layers."
        let first = hidden ? "0." : "1."
        let coreWeight = try transposed(core + first + "weight", [width, parts * width])
        let gateWeight = try transposed(gate + first + "weight", [width, parts * width])
        var matrices: [CHGNetWeights.Matrix] = []
        for part in 0..<parts {
            var matrix: [Float] = []
            for row in part * width..<(part + 1) * width {
                matrix += coreWeight[row * width..<(row + 1) * width]
                matrix += gateWeight[row * width..<(row + 1) * width]
            }
            matrices.append(CHGNetWeights.Matrix(matrix, inputs: width, outputs: 2 * width))
        }
        var second: CHGNetWeights.Gate.Hidden?
        if hidden {
            second = CHGNetWeights.Gate.Hidden(
                core: try matrix(core + "3.weight", inputs: width, outputs: width),
                gate: try matrix(gate + "3.weight", inputs: width, outputs: width),
                bias: FloatBuffer(try values(core + "3.bias", [width]) + values(gate + "3.bias", [width])).view)
        }
        var norm: GraphKernels.GateNorm?
        if configuration.gateNorm != nil {
            norm = GraphKernels.GateNorm(
                scale: FloatBuffer(try values(name + "bn1.weight", [width]) + values(name + "bn2.weight", [width]))
                    .view,
                offset: FloatBuffer(try values(name + "bn1.bias", [width]) + values(name + "bn2.bias", [width])).view,
                epsilon: Float(configuration.layerNormEpsilon))
        }
        return CHGNetWeights.Gate(
            parts: matrices,
            bias: FloatBuffer(try values(core + first + "bias", [width]) + values(gate + first + "bias", [width])).view,
            hidden: second, norm: norm)
    }

    /// The linear layers stand at 0, 2, 4, ... with activations between them; dropout, without weights, precedes the
    /// last.
    mutating func readout(_ hidden: [Int]) throws(PotentialError) -> [CHGNetWeights.ReadoutLayer] {
        var layers: [CHGNetWeights.ReadoutLayer] = []
        var inputs = width
        for (index, outputs) in (hidden + [1]).enumerated() {
            let position = index < hidden.count ? 2 * index : 2 * index + 1
            let name = "mlp.layers.\(position)."
            layers.append(
                CHGNetWeights.ReadoutLayer(
                    inputs: inputs, outputs: outputs,
                    weight: try matrix(name + "weight", inputs: inputs, outputs: outputs),
                    bias: FloatBuffer(try values(name + "bias", [outputs])).view))
            inputs = outputs
        }
        return layers
    }
}
