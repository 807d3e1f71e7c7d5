/// The sizes of a CrystalFormer network, named as in the reference's command line.
package struct PolicyConfiguration: Codable, Sendable, Hashable {
    /// Fourier frequencies of a coordinate.
    package var fourierFrequencies = 5
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
    package var wideningFactor = 4
    /// The smallest width of a Gaussian of the lattice.
    package var minimumSigma = 1e-3

    package init() {}

    /// The published Alex-20 model, 4.83 M parameters (arXiv 2504.02367, appendix A).
    package static let full = PolicyConfiguration()

    private enum CodingKeys: String, CodingKey {
        case fourierFrequencies = "Nf"
        case coordinateComponents = "Kx"
        case latticeComponents = "Kl"
        case maximumSites = "n_max"
        case firstHiddenSize = "h0_size"
        case layers = "num_layers"
        case heads = "num_heads"
        case keySize = "key_size"
        case modelSize = "model_size"
        case embeddingSize = "embed_size"
        case atomTypes = "atom_types"
        case wyckoffTypes = "wyck_types"
        case wideningFactor = "widening_factor"
        case minimumSigma = "sigmamin"
    }

    package init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.fourierFrequencies, into: &fourierFrequencies)
        try read(.coordinateComponents, into: &coordinateComponents)
        try read(.latticeComponents, into: &latticeComponents)
        try read(.maximumSites, into: &maximumSites)
        try read(.firstHiddenSize, into: &firstHiddenSize)
        try read(.layers, into: &layers)
        try read(.heads, into: &heads)
        try read(.keySize, into: &keySize)
        try read(.modelSize, into: &modelSize)
        try read(.embeddingSize, into: &embeddingSize)
        try read(.atomTypes, into: &atomTypes)
        try read(.wyckoffTypes, into: &wyckoffTypes)
        try read(.wideningFactor, into: &wideningFactor)
        try read(.minimumSigma, into: &minimumSigma)
    }

    /// The keys that a configuration may have.
    package static var keys: [String] {
        [
            "Nf", "Kx", "Kl", "n_max", "h0_size", "num_layers", "num_heads", "key_size", "model_size", "embed_size",
            "atom_types", "wyck_types", "widening_factor", "sigmamin",
        ]
    }

    /// What is wrong with the sizes; empty if nothing is.
    package var problems: [String] {
        var problems: [String] = []
        func require(_ condition: Bool, _ text: String) { if !condition { problems.append(text) } }
        for (name, value, limit) in [
            ("Nf", fourierFrequencies, 64), ("Kx", coordinateComponents, 256), ("Kl", latticeComponents, 256),
            ("n_max", maximumSites, 512), ("h0_size", firstHiddenSize, 8192), ("num_layers", layers, 256),
            ("num_heads", heads, 256), ("key_size", keySize, 1024), ("model_size", modelSize, 8192),
            ("embed_size", embeddingSize, 8192), ("widening_factor", wideningFactor, 64),
        ] {
            require((1...limit).contains(value), "\(name) is \(value); it must be 1...\(limit)")
        }
        require(keySize % 2 == 0, "key_size is \(keySize); it must be even (rotary pairs)")
        require(atomTypes == 119, "atom_types is \(atomTypes); it must be 119 (padding and 118 elements)")
        require(wyckoffTypes == 28, "wyck_types is \(wyckoffTypes); it must be 28 (padding and 27 letters)")
        require(minimumSigma > 0 && minimumSigma.isFinite, "sigmamin is \(minimumSigma); it must be positive")
        return problems
    }

    // MARK: Derived sizes

    /// Columns of the output that hold a coordinate's mixture.
    package var coordinateOutputs: Int { 3 * coordinateComponents }
    /// Columns of the output that hold the lattice's mixture.
    package var latticeOutputs: Int { latticeComponents * 13 }
    /// The width of an output row.
    package var outputSize: Int { max(atomTypes + latticeOutputs, coordinateOutputs, wyckoffTypes) }
    /// The width of the hidden layer of a block.
    package var hiddenSize: Int { wideningFactor * modelSize }
    /// The width of queries, keys and values.
    package var attentionWidth: Int { heads * keySize }
    /// The most tokens of a crystal.
    package var maximumTokens: Int { 5 * maximumSites }
    /// The width of the features of a coordinate token: embedding of the group, then sine and cosine of each frequency.
    package var coordinateInputs: Int { embeddingSize + 2 * fourierFrequencies }
}
