import Kernels

/// The blocks between the token projections and the output row, with their hand-derived gradient.
///
/// Pre-norm transformer: x += attention(norm(x)); x += contract(gelu(expand(norm(x)))); then a last norm and a linear
/// output. One instance is one thread's: it keeps the activations of its last forward pass.
final class Transformer {
    let layout: ParameterLayout
    private let attention: CausalAttention
    private let rotary: RotaryTable
    private var configuration: PolicyConfiguration { layout.configuration }

    /// What a block keeps for the way back; all `[rows, width]`.
    private struct Kept {
        let input, normed, query, key, value, mixed, middle, normedMiddle, hidden, activated: FloatBuffer
        let mean1, deviation1, mean2, deviation2: FloatBuffer
        let weights: FloatBuffer
    }

    private var kept: [Kept] = []
    private var capacity = (rows: 0, weights: 0, longest: 0)
    /// The residual stream after the last block, its norm and the output: `[rows, ...]`.
    private(set) var stream = FloatBuffer(count: 0)
    private var finalNormed = FloatBuffer(count: 0)
    private var finalMean = FloatBuffer(count: 0)
    private var finalDeviation = FloatBuffer(count: 0)
    private var scratch = FloatBuffer(count: 0)
    private var gradients: [FloatBuffer] = []

    init(layout: ParameterLayout) {
        self.layout = layout
        attention = CausalAttention(heads: layout.configuration.heads, headSize: layout.configuration.keySize)
        rotary = RotaryTable(headSize: layout.configuration.keySize, length: layout.configuration.maximumTokens)
    }

    /// Makes room for a batch and returns the `[rows, modelSize]` block that the token projections are to be written
    /// to.
    func prepare(_ sequences: CausalAttention.Sequences) -> FloatView {
        let rows = sequences.rowCount
        if rows > capacity.rows || sequences.weightCount > capacity.weights || sequences.longest > capacity.longest {
            reserve(
                rows: max(rows, capacity.rows), weights: max(sequences.weightCount, capacity.weights),
                longest: max(sequences.longest, capacity.longest))
        }
        return (kept.first?.input ?? stream).view(0, rows * configuration.modelSize)
    }

    private func reserve(rows: Int, weights: Int, longest: Int) {
        let c = configuration
        func block(_ width: Int) -> FloatBuffer { FloatBuffer(count: rows * width) }
        kept = (0..<c.layers).map { _ in
            Kept(
                input: block(c.modelSize), normed: block(c.modelSize), query: block(c.attentionWidth),
                key: block(c.attentionWidth), value: block(c.attentionWidth), mixed: block(c.attentionWidth),
                middle: block(c.modelSize), normedMiddle: block(c.modelSize), hidden: block(c.hiddenSize),
                activated: block(c.hiddenSize), mean1: block(1), deviation1: block(1), mean2: block(1),
                deviation2: block(1), weights: FloatBuffer(count: c.heads * weights))
        }
        stream = block(c.modelSize)
        finalNormed = block(c.modelSize)
        finalMean = block(1)
        finalDeviation = block(1)
        scratch = FloatBuffer(count: attention.scratchCount(longest: longest))
        gradients = [
            block(c.modelSize), block(c.modelSize), block(c.attentionWidth), block(c.attentionWidth),
            block(c.attentionWidth), block(c.attentionWidth), block(c.hiddenSize),
        ]
        capacity = (rows, weights, longest)
    }

    /// Runs the blocks on the rows written to `prepare`'s block.
    ///
    /// - Parameter output: `[rows, outputSize]`, the raw outputs.
    func forward(_ weights: PolicyWeights, sequences: CausalAttention.Sequences, into output: FloatView) {
        let c = configuration
        let rows = sequences.rowCount
        let norm = LayerNorm(size: c.modelSize)
        for (index, block) in layout.blocks.enumerated() {
            let k = kept[index]
            let next = index + 1 < kept.count ? kept[index + 1].input : stream
            norm.forward(
                k.input.view, scale: weights.view(block.attentionNorm.scale),
                offset: weights.view(block.attentionNorm.offset),
                into: k.normed.view, mean: k.mean1.view, inverseDeviation: k.deviation1.view, rows: rows)
            for (entry, target) in [(block.query, k.query), (block.key, k.key), (block.value, k.value)] {
                linear(entry).forward(
                    k.normed.view, weight: weights.view(entry.weight), bias: weights.view(entry.bias),
                    into: target.view,
                    rows: rows)
            }
            attention.rotate(k.query.view, sequences: sequences, table: rotary)
            attention.rotate(k.key.view, sequences: sequences, table: rotary)
            attention.forward(
                q: k.query.view, k: k.key.view, v: k.value.view, into: k.mixed.view, weights: k.weights.view,
                scratch: scratch.view, sequences: sequences)
            linear(block.projection).forward(
                k.mixed.view, weight: weights.view(block.projection.weight), bias: weights.view(block.projection.bias),
                into: k.middle.view, rows: rows)
            let size = rows * c.modelSize
            VectorMath.add(k.input.view(0, size), to: k.middle.view(0, size))
            norm.forward(
                k.middle.view, scale: weights.view(block.hiddenNorm.scale),
                offset: weights.view(block.hiddenNorm.offset),
                into: k.normedMiddle.view, mean: k.mean2.view, inverseDeviation: k.deviation2.view, rows: rows)
            linear(block.expand).forward(
                k.normedMiddle.view, weight: weights.view(block.expand.weight), bias: weights.view(block.expand.bias),
                into: k.hidden.view, rows: rows)
            let hiddenSize = rows * c.hiddenSize
            VectorMath.gelu(k.hidden.view(0, hiddenSize), into: k.activated.view(0, hiddenSize))
            linear(block.contract).forward(
                k.activated.view, weight: weights.view(block.contract.weight), bias: weights.view(block.contract.bias),
                into: next.view, rows: rows)
            VectorMath.add(k.middle.view(0, size), to: next.view(0, size))
        }
        norm.forward(
            stream.view, scale: weights.view(layout.finalNorm.scale), offset: weights.view(layout.finalNorm.offset),
            into: finalNormed.view, mean: finalMean.view, inverseDeviation: finalDeviation.view, rows: rows)
        linear(layout.output).forward(
            finalNormed.view, weight: weights.view(layout.output.weight), bias: weights.view(layout.output.bias),
            into: output, rows: rows)
    }

    /// Adds the gradients of all block parameters and returns that of the token rows, `[rows, modelSize]`.
    ///
    /// - Parameters:
    ///   - dOutput: the gradient of the raw outputs of the last `forward`.
    ///   - gradient: the flat gradient of all parameters.
    func backward(
        _ weights: PolicyWeights, sequences: CausalAttention.Sequences, dOutput: FloatView, gradient: FloatView
    ) -> FloatView {
        let c = configuration
        let rows = sequences.rowCount
        let norm = LayerNorm(size: c.modelSize)
        let size = rows * c.modelSize
        let (dStream, dNormed) = (gradients[0].view(0, size), gradients[1].view(0, size))
        let wide = rows * c.attentionWidth
        let (dMixed, dQuery) = (gradients[2].view(0, wide), gradients[3].view(0, wide))
        let (dKey, dValue) = (gradients[4].view(0, wide), gradients[5].view(0, wide))
        let dHidden = gradients[6].view(0, rows * c.hiddenSize)
        func part(_ entry: ParameterLayout.Entry) -> FloatView { gradient.view(entry.offset, entry.count) }
        func back(
            _ entry: ParameterLayout.LinearEntry, x: FloatView, dy: FloatView, dx: FloatView, accumulate: Bool = false
        ) {
            linear(entry).backward(
                x: x, weight: weights.view(entry.weight), dy: dy, dWeight: part(entry.weight), dBias: part(entry.bias),
                dx: dx, rows: rows, accumulate: accumulate)
        }
        back(layout.output, x: finalNormed.view, dy: dOutput, dx: dNormed)
        dStream.fill(0)
        norm.backward(
            x: stream.view, scale: weights.view(layout.finalNorm.scale), mean: finalMean.view,
            inverseDeviation: finalDeviation.view, dy: dNormed, addingTo: dStream, dScale: part(layout.finalNorm.scale),
            dOffset: part(layout.finalNorm.offset), rows: rows)
        for (index, block) in layout.blocks.enumerated().reversed() {
            let k = kept[index]
            back(block.contract, x: k.activated.view, dy: dStream, dx: dHidden)
            VectorMath.geluBackward(x: k.hidden.view(0, dHidden.count), dy: dHidden, into: dHidden)
            back(block.expand, x: k.normedMiddle.view, dy: dHidden, dx: dNormed)
            norm.backward(
                x: k.middle.view, scale: weights.view(block.hiddenNorm.scale), mean: k.mean2.view,
                inverseDeviation: k.deviation2.view, dy: dNormed, addingTo: dStream,
                dScale: part(block.hiddenNorm.scale),
                dOffset: part(block.hiddenNorm.offset), rows: rows)
            back(block.projection, x: k.mixed.view, dy: dStream, dx: dMixed)
            for view in [dQuery, dKey, dValue] { view.fill(0) }
            attention.backward(
                q: k.query.view, k: k.key.view, v: k.value.view, weights: k.weights.view, dy: dMixed, dq: dQuery,
                dk: dKey, dv: dValue, scratch: scratch.view, sequences: sequences)
            attention.rotate(dQuery, sequences: sequences, table: rotary, backward: true)
            attention.rotate(dKey, sequences: sequences, table: rotary, backward: true)
            back(block.query, x: k.normed.view, dy: dQuery, dx: dNormed)
            back(block.key, x: k.normed.view, dy: dKey, dx: dNormed, accumulate: true)
            back(block.value, x: k.normed.view, dy: dValue, dx: dNormed, accumulate: true)
            norm.backward(
                x: k.input.view, scale: weights.view(block.attentionNorm.scale), mean: k.mean1.view,
                inverseDeviation: k.deviation1.view, dy: dNormed, addingTo: dStream,
                dScale: part(block.attentionNorm.scale), dOffset: part(block.attentionNorm.offset), rows: rows)
        }
        return dStream
    }

    private func linear(_ entry: ParameterLayout.LinearEntry) -> Linear {
        Linear(inputs: entry.weight.shape[0], outputs: entry.weight.shape[1])
    }
}
