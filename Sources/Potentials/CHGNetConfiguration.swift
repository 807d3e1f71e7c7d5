import Foundation

/// The hyper-parameters of a CHGNet model, as its `config.json` and the metadata of its weights hold them.
struct CHGNetConfiguration: Decodable, Sendable {
    let modelType: String
    let version: String
    let largestAtomicNumber: Int
    let atomFeatures: Int
    let bondFeatures: Int
    let angleFeatures: Int
    let atomHidden: [Int]
    let bondHidden: [Int]
    let angleHidden: [Int]
    /// Å
    let atomCutoff: Double
    /// Å
    let bondCutoff: Double
    let envelopeExponent: Int
    let radialCount: Int
    let fourierOrder: Int
    let acosShrink: Double
    /// The number of atom convolutions; bonds and angles have one block less.
    let convolutionCount: Int
    let activation: String
    let gateNorm: String?
    let readoutNorm: String?
    let outputBias: Bool
    let readoutHidden: [Int]
    let layerNormEpsilon: Double
    /// What the file says of parts that are computed in one way alone; nil where it says nothing.
    private let fixed: FixedParts

    /// Parts of the model of which one kind is computed.
    private struct FixedParts: Decodable {
        let sumsSiteEnergies: Bool?
        let isIntensive: Bool?
        let compositionIsIntensive: Bool?
        let updatesBonds: Bool?
        let updatesAngles: Bool?
        let isResidual: Bool?
        let convolutionNorm: String?
        let readout: String?
        let angularCount: Int?

        private enum CodingKeys: String, CodingKey {
            case sumsSiteEnergies = "mlp_first"
            case isIntensive = "is_intensive"
            case compositionIsIntensive = "composition_is_intensive"
            case updatesBonds = "update_bond"
            case updatesAngles = "update_angle"
            case isResidual = "residual"
            case convolutionNorm = "conv_norm"
            case readout
            case angularCount = "num_angular"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case modelType = "model_type"
        case version
        case largestAtomicNumber = "max_atomic_number"
        case atomFeatures = "atom_fea_dim"
        case bondFeatures = "bond_fea_dim"
        case angleFeatures = "angle_fea_dim"
        case atomHidden = "atom_conv_hidden_dim"
        case bondHidden = "bond_conv_hidden_dim"
        case angleHidden = "angle_layer_hidden_dim"
        case atomCutoff = "atom_graph_cutoff"
        case bondCutoff = "bond_graph_cutoff"
        case envelopeExponent = "cutoff_coeff_p"
        case radialCount = "num_radial"
        case fourierOrder = "fourier_order"
        case acosShrink = "acos_shrink"
        case convolutionCount = "n_conv"
        case activation
        case gateNorm = "gated_mlp_norm"
        case readoutNorm = "readout_norm"
        case outputBias = "conv_mlp_out_bias"
        case readoutHidden = "readout_hidden_dims"
        case layerNormEpsilon = "layer_norm_eps"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func sizes(_ key: CodingKeys) throws -> [Int] {
            if let one = try? values.decode(Int.self, forKey: key) { return one == 0 ? [] : [one] }
            return try values.decode([Int].self, forKey: key)
        }
        modelType = try values.decode(String.self, forKey: .modelType)
        version = try values.decode(String.self, forKey: .version)
        largestAtomicNumber = try values.decode(Int.self, forKey: .largestAtomicNumber)
        atomFeatures = try values.decode(Int.self, forKey: .atomFeatures)
        bondFeatures = try values.decode(Int.self, forKey: .bondFeatures)
        angleFeatures = try values.decode(Int.self, forKey: .angleFeatures)
        atomHidden = try sizes(.atomHidden)
        bondHidden = try sizes(.bondHidden)
        angleHidden = try sizes(.angleHidden)
        atomCutoff = try values.decode(Double.self, forKey: .atomCutoff)
        bondCutoff = try values.decode(Double.self, forKey: .bondCutoff)
        envelopeExponent = try values.decode(Int.self, forKey: .envelopeExponent)
        radialCount = try values.decode(Int.self, forKey: .radialCount)
        fourierOrder = try values.decode(Int.self, forKey: .fourierOrder)
        acosShrink = try values.decode(Double.self, forKey: .acosShrink)
        convolutionCount = try values.decode(Int.self, forKey: .convolutionCount)
        activation = try values.decode(String.self, forKey: .activation)
        gateNorm = try values.decodeIfPresent(String.self, forKey: .gateNorm)
        readoutNorm = try values.decodeIfPresent(String.self, forKey: .readoutNorm)
        outputBias = try values.decode(Bool.self, forKey: .outputBias)
        readoutHidden = try sizes(.readoutHidden)
        layerNormEpsilon = try values.decode(Double.self, forKey: .layerNormEpsilon)
        fixed = try FixedParts(from: decoder)
    }

    /// What the file says of a part of which another kind is computed; nil if nothing.
    private var unsupportedPart: String? {
        let flags = [
            ("mlp_first", fixed.sumsSiteEnergies), ("is_intensive", fixed.isIntensive),
            ("composition_is_intensive", fixed.compositionIsIntensive), ("update_bond", fixed.updatesBonds),
            ("update_angle", fixed.updatesAngles), ("residual", fixed.isResidual),
        ]
        for (name, value) in flags where value == false { return "\(name) is false, not true" }
        if let norm = fixed.convolutionNorm { return "conv_norm is \(norm), not null" }
        let readout = "per-atom MLP, then sum"
        if let other = fixed.readout, other != readout { return "readout is \(other), not \"\(readout)\"" }
        if let number = fixed.angularCount, number != 2 * fourierOrder + 1 {
            return "num_angular is \(number), not twice fourier_order and 1"
        }
        return nil
    }

    /// What of this configuration the evaluator cannot run; nil if nothing.
    var unsupported: String? {
        let width = atomFeatures
        if modelType != "CHGNet" { return "model_type is \(modelType), not CHGNet" }
        if !(1...1024).contains(width) || bondFeatures != width || angleFeatures != width {
            return "atom, bond and angle features must have one width of 1 to 1024"
        }
        if atomHidden != [width] || bondHidden != [width] || !angleHidden.isEmpty {
            return "convolutions must have one hidden layer of \(width) and angle layers none"
        }
        if !(1...118).contains(largestAtomicNumber) { return "max_atomic_number is \(largestAtomicNumber)" }
        if !(1...64).contains(convolutionCount) || !(1...256).contains(radialCount) || !(1...256).contains(fourierOrder)
        {
            return "n_conv, num_radial or fourier_order is out of bounds"
        }
        if !(atomCutoff > 0 && atomCutoff <= 100 && bondCutoff > 0 && bondCutoff <= atomCutoff) {
            return "the cutoffs are \(atomCutoff) and \(bondCutoff) Å"
        }
        if !(0...64).contains(envelopeExponent) || !(0..<0.1).contains(acosShrink) || !(layerNormEpsilon > 0) {
            return "cutoff_coeff_p, acos_shrink or layer_norm_eps is out of bounds"
        }
        if activation != "silu" { return "the activation is \(activation), not silu" }
        if let gateNorm, gateNorm != "layer" { return "gated_mlp_norm is \(gateNorm), not layer" }
        if let readoutNorm, readoutNorm != "layer" { return "readout_norm is \(readoutNorm), not layer" }
        if readoutHidden.count > 16 || readoutHidden.contains(where: { !(1...1024).contains($0) }) {
            return "readout_hidden_dims is \(readoutHidden)"
        }
        return unsupportedPart
    }
}
