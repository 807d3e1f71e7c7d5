import Kernels

/// The network one token at a time, for many sequences in step, with cached keys and values.
final class IncrementalTransformer {
    /// Weights of the sizes that this was made for.
    var weights: PolicyWeights
    private let layout: ParameterLayout
    private let attention: CausalAttention
    private let rotary: RotaryTable
    private let cache: KeyValueCache
    private let stream, normed, query, key, value, mixed, added, hidden, mean, deviation: FloatBuffer
    /// The rows of features, to be filled before each step: `[sequences, widest]`.
    let features: FloatBuffer
    /// The raw outputs of the last step: `[rows, outputSize]`.
    let output: FloatBuffer

    /// - Parameter sequences: the most sequences in step.
    init(weights: PolicyWeights, sequences: Int) {
        self.weights = weights
        layout = weights.layout
        let c = layout.configuration
        attention = CausalAttention(heads: c.heads, headSize: c.keySize)
        rotary = RotaryTable(headSize: c.keySize, length: c.maximumTokens)
        cache = KeyValueCache(attention: attention, layers: c.layers, sequences: sequences)
        func block(_ width: Int) -> FloatBuffer { FloatBuffer(uninitialized: sequences * width) }
        (stream, normed, added) = (block(c.modelSize), block(c.modelSize), block(c.modelSize))
        (query, key, value, mixed) = (
            block(c.attentionWidth), block(c.attentionWidth), block(c.attentionWidth), block(c.attentionWidth)
        )
        (hidden, mean, deviation) = (block(c.hiddenSize), block(1), block(1))
        features = block(max(2 * c.embeddingSize + 1, c.coordinateInputs))
        output = block(c.outputSize)
    }

    /// Forgets the tokens of some sequences.
    func end(_ sequences: some Sequence<Int>) { cache.end(sequences) }

    /// Runs one token of each of some sequences.
    ///
    /// - Parameters:
    ///   - kind: the kind of the token; `features` holds a row of its width for each sequence.
    ///   - sequences: which sequences, one a row.
    ///   - position: the number of the token, from 0, the same for all.
    func step(kind: TokenKind, sequences: [Int], position: Int) {
        let c = layout.configuration
        let rows = sequences.count
        let norm = LayerNorm(size: c.modelSize)
        let entry = layout.inputs[kind.rawValue]
        apply(entry, features, into: stream, rows: rows)
        let size = rows * c.modelSize
        let positions = [Int32](repeating: Int32(position), count: rows)
        cache.begin(rows: sequences, position: position)
        for (layer, block) in layout.blocks.enumerated() {
            norm.forward(
                stream.view, scale: weights.view(block.attentionNorm.scale),
                offset: weights.view(block.attentionNorm.offset),
                into: normed.mutableView, mean: mean.mutableView, inverseDeviation: deviation.mutableView, rows: rows)
            apply(block.query, normed, into: query, rows: rows)
            apply(block.key, normed, into: key, rows: rows)
            apply(block.value, normed, into: value, rows: rows)
            attention.rotate(query.mutableView, positions: positions, table: rotary)
            attention.rotate(key.mutableView, positions: positions, table: rotary)
            cache.attend(
                layer: layer, rows: rows, position: position, q: query.view, k: key.view, v: value.view,
                into: mixed.mutableView)
            apply(block.projection, mixed, into: added, rows: rows)
            VectorMath.add(added.view(0, size), to: stream.mutableView(0, size))
            norm.forward(
                stream.view, scale: weights.view(block.hiddenNorm.scale), offset: weights.view(block.hiddenNorm.offset),
                into: normed.mutableView, mean: mean.mutableView, inverseDeviation: deviation.mutableView, rows: rows)
            apply(block.expand, normed, into: hidden, rows: rows)
            let wide = rows * c.hiddenSize
            VectorMath.gelu(hidden.view(0, wide), into: hidden.mutableView(0, wide))
            apply(block.contract, hidden, into: added, rows: rows)
            VectorMath.add(added.view(0, size), to: stream.mutableView(0, size))
        }
        norm.forward(
            stream.view, scale: weights.view(layout.finalNorm.scale), offset: weights.view(layout.finalNorm.offset),
            into: normed.mutableView, mean: mean.mutableView, inverseDeviation: deviation.mutableView, rows: rows)
        apply(layout.output, normed, into: output, rows: rows)
    }

    private func apply(_ entry: ParameterLayout.LinearEntry, _ x: FloatBuffer, into y: FloatBuffer, rows: Int) {
        Linear(inputs: entry.weight.shape[0], outputs: entry.weight.shape[1]).forward(
            x.view, weight: weights.view(entry.weight), bias: weights.view(entry.bias), into: y.mutableView, rows: rows)
    }
}
