package import Configuration

/// The sizes of a CrystalFormer network, named as in the reference's command line.
package struct PolicyConfiguration: ConfigurationSection, Codable, Hashable {
    /// Fourier frequencies of a coordinate.
    var fourierFrequencies = 5
    /// von Mises components of a coordinate.
    package var coordinateComponents = 16
    /// Gaussian components of the lattice.
    package var latticeComponents = 4
    /// The most sites of a crystal, the padding one included.
    package var maximumSites = 21
    /// The hidden size of the head of the first Wyckoff position.
    package var firstHiddenSize = 256
    package var layers = 16
    package var heads = 16
    package var keySize = 64
    package var modelSize = 64
    package var embeddingSize = 32
    package var atomTypes = 119
    package var wyckoffTypes = 28
    var wideningFactor = 4
    /// The smallest width of a Gaussian of the lattice.
    package var minimumSigma = 1e-3

    package init() {}

    /// The published Alex-20 model, 4.83 M parameters (arXiv 2504.02367, appendix A).
    package static let full = PolicyConfiguration()

    /// Named as in the reference; of `druse pretrain` and of the metadata of policy files.
    package static let keys: [ConfigurationKey<PolicyConfiguration>] = [
        .init("Nf", \.fourierFrequencies, takes: .range(1...64), "Fourier frequencies of a coordinate"),
        .init("Kx", \.coordinateComponents, takes: .range(1...256), "von Mises components of a coordinate"),
        .init("Kl", \.latticeComponents, takes: .range(1...256), "Gaussian components of the lattice"),
        .init(
            "n_max", \.maximumSites, takes: .range(1...512), unit: "sites",
            "the most sites of a crystal, the padding one included"),
        .init(
            "h0_size", \.firstHiddenSize, takes: .range(1...8192),
            "hidden size of the head of the first Wyckoff position"),
        .init("num_layers", \.layers, takes: .range(1...256), "layers of the network"),
        .init("num_heads", \.heads, takes: .range(1...256), "heads of a layer"),
        .init(
            "key_size", \.keySize,
            takes: .custom("1 to 1024, even") { size in
                if !(1...1024).contains(size) { return "is \(size); it must be 1 to 1024" }
                return size % 2 == 0 ? nil : "is \(size); it must be even (rotary pairs)"
            }, "width of a head"),
        .init("model_size", \.modelSize, takes: .range(1...8192), "width of the network"),
        .init("embed_size", \.embeddingSize, takes: .range(1...8192), "width of an embedding"),
        .init(
            "atom_types", \.atomTypes, takes: .range(119...119), "padding and 118 elements"),
        .init("wyck_types", \.wyckoffTypes, takes: .range(28...28), "padding and 27 letters"),
        .init(
            "widening_factor", \.wideningFactor, takes: .range(1...64),
            "hidden width of a layer, in widths of the network"),
        .init("sigmamin", \.minimumSigma, takes: .above(0), "the smallest width of a Gaussian of the lattice"),
    ]

    package init(from decoder: any Decoder) throws { try self.init(keysOf: decoder) }
    package func encode(to encoder: any Encoder) throws { try encodeKeys(to: encoder) }

    // MARK: Derived sizes

    /// Columns of the output that hold a coordinate's mixture.
    package var coordinateOutputs: Int { 3 * coordinateComponents }
    /// Columns of the output that hold the lattice's mixture.
    package var latticeOutputs: Int { latticeComponents * 13 }
    /// The width of an output row.
    package var outputSize: Int { max(atomTypes + latticeOutputs, coordinateOutputs, wyckoffTypes) }
    /// The width of the hidden layer of a block.
    var hiddenSize: Int { wideningFactor * modelSize }
    /// The width of queries, keys and values.
    var attentionWidth: Int { heads * keySize }
    /// The most tokens of a crystal.
    package var maximumTokens: Int { 5 * maximumSites }
    /// The width of the features of a coordinate token: embedding of the group, then sine and cosine of each frequency.
    var coordinateInputs: Int { embeddingSize + 2 * fourierFrequencies }
}
