import Kernels

/// The blocks between the token projections and the output row, with their hand-derived gradient.
///
/// Pre-norm transformer: x += attention(norm(x)); x += contract(gelu(expand(norm(x)))); then a last norm and a linear
/// output. One instance is one thread's: it keeps the activations of its last forward pass, if they are needed.
final class Transformer {
    let layout: ParameterLayout
    private let attention: CausalAttention
    private let rotary: RotaryTable
    private var configuration: PolicyConfiguration { layout.configuration }

    /// The activations of a block; all `[rows, width]`, the weights of its attention apart.
    private struct Activations {
        var input = ScratchBuffer()
        var normed = ScratchBuffer()
        var query = ScratchBuffer()
        var key = ScratchBuffer()
        var value = ScratchBuffer()
        var mixed = ScratchBuffer()
        var middle = ScratchBuffer()
        var normedMiddle = ScratchBuffer()
        var hidden = ScratchBuffer()
        var activated = ScratchBuffer()
        var mean1 = ScratchBuffer()
        var deviation1 = ScratchBuffer()
        var mean2 = ScratchBuffer()
        var deviation2 = ScratchBuffer()
        var weights = ScratchBuffer()

        mutating func reserve(rows: Int, weights weightCount: Int, _ c: PolicyConfiguration) {
            input.reserve(rows * c.modelSize)
            normed.reserve(rows * c.modelSize)
            query.reserve(rows * c.attentionWidth)
            key.reserve(rows * c.attentionWidth)
            value.reserve(rows * c.attentionWidth)
            mixed.reserve(rows * c.attentionWidth)
            middle.reserve(rows * c.modelSize)
            normedMiddle.reserve(rows * c.modelSize)
            hidden.reserve(rows * c.hiddenSize)
            activated.reserve(rows * c.hiddenSize)
            mean1.reserve(rows)
            deviation1.reserve(rows)
            mean2.reserve(rows)
            deviation2.reserve(rows)
            weights.reserve(weightCount)
        }
    }

    /// One for each block if the gradient is to follow; the first alone, which all blocks use in turn, if not.
    private var activations: [Activations] = [Activations()]
    private var keepsGradient = false
    /// The residual stream after the last block, its norm and the output: `[rows, ...]`.
    private var stream = ScratchBuffer()
    private var finalNormed = ScratchBuffer()
    private var finalMean = ScratchBuffer()
    private var finalDeviation = ScratchBuffer()
    private var scratch = ScratchBuffer()
    private var gradients = (0..<7).map { _ in ScratchBuffer() }

    init(layout: ParameterLayout) {
        self.layout = layout
        attention = CausalAttention(heads: layout.configuration.heads, headSize: layout.configuration.keySize)
        rotary = RotaryTable(headSize: layout.configuration.keySize, length: layout.configuration.maximumTokens)
    }

    /// Makes room for a batch and returns the `[rows, modelSize]` block that the token projections are to be written
    /// to.
    ///
    /// - Parameter keepsGradient: whether `backward` will be called: what it needs of every block is kept.
    func prepare(_ sequences: CausalAttention.Sequences, keepsGradient: Bool) -> MutableFloatView {
        let c = configuration
        let rows = sequences.rowCount
        self.keepsGradient = keepsGradient
        if keepsGradient {
            while activations.count < c.layers { activations.append(Activations()) }
            for index in 0..<c.layers {
                activations[index].reserve(rows: rows, weights: c.heads * sequences.weightCount, c)
            }
        } else {
            activations[0].reserve(rows: rows, weights: 0, c)
        }
        stream.reserve(rows * c.modelSize)
        finalNormed.reserve(rows * c.modelSize)
        finalMean.reserve(rows)
        finalDeviation.reserve(rows)
        scratch.reserve(attention.scratchCount(longest: sequences.longest))
        return activations[0].input.mutableView(0, rows * c.modelSize)
    }

    /// Runs the blocks on the rows written to `prepare`'s block.
    ///
    /// - Parameter output: `[rows, outputSize]`, the raw outputs.
    func forward(_ weights: PolicyWeights, sequences: CausalAttention.Sequences, into output: MutableFloatView) {
        let c = configuration
        let rows = sequences.rowCount
        let norm = LayerNorm(size: c.modelSize)
        for (index, block) in layout.blocks.enumerated() {
            let k = activations[keepsGradient ? index : 0]
            let isLast = index + 1 == layout.blocks.count
            let next = isLast ? stream : activations[keepsGradient ? index + 1 : 0].input
            norm.forward(
                k.input.view, scale: weights.view(block.attentionNorm.scale),
                offset: weights.view(block.attentionNorm.offset), into: k.normed.mutableView,
                mean: k.mean1.mutableView, inverseDeviation: k.deviation1.mutableView, rows: rows)
            for (entry, target) in [(block.query, k.query), (block.key, k.key), (block.value, k.value)] {
                apply(entry, weights, k.normed.view, into: target.mutableView, rows: rows)
            }
            attention.rotate(k.query.mutableView, sequences: sequences, table: rotary)
            attention.rotate(k.key.mutableView, sequences: sequences, table: rotary)
            attention.forward(
                q: k.query.view, k: k.key.view, v: k.value.view, into: k.mixed.mutableView,
                weights: keepsGradient ? k.weights.mutableView(0, c.heads * sequences.weightCount) : nil,
                scratch: scratch.mutableView, sequences: sequences)
            apply(block.projection, weights, k.mixed.view, into: k.middle.mutableView, rows: rows)
            let size = rows * c.modelSize
            VectorMath.add(k.input.view(0, size), to: k.middle.mutableView(0, size))
            norm.forward(
                k.middle.view, scale: weights.view(block.hiddenNorm.scale),
                offset: weights.view(block.hiddenNorm.offset), into: k.normedMiddle.mutableView,
                mean: k.mean2.mutableView, inverseDeviation: k.deviation2.mutableView, rows: rows)
            apply(block.expand, weights, k.normedMiddle.view, into: k.hidden.mutableView, rows: rows)
            let hiddenSize = rows * c.hiddenSize
            let activated = keepsGradient ? k.activated : k.hidden
            VectorMath.gelu(k.hidden.view(0, hiddenSize), into: activated.mutableView(0, hiddenSize))
            apply(block.contract, weights, activated.view, into: next.mutableView, rows: rows)
            VectorMath.add(k.middle.view(0, size), to: next.mutableView(0, size))
        }
        norm.forward(
            stream.view, scale: weights.view(layout.finalNorm.scale), offset: weights.view(layout.finalNorm.offset),
            into: finalNormed.mutableView, mean: finalMean.mutableView, inverseDeviation: finalDeviation.mutableView,
            rows: rows)
        apply(layout.output, weights, finalNormed.view, into: output, rows: rows)
    }

    /// Adds the gradients of all block parameters and returns that of the token rows, `[rows, modelSize]`.
    ///
    /// - Parameters:
    ///   - dOutput: the gradient of the raw outputs of the last `forward`.
    ///   - gradient: the flat gradient of all parameters.
    func backward(
        _ weights: PolicyWeights, sequences: CausalAttention.Sequences, dOutput: FloatView, gradient: MutableFloatView
    ) -> FloatView {
        let c = configuration
        let rows = sequences.rowCount
        let norm = LayerNorm(size: c.modelSize)
        let size = rows * c.modelSize
        let (dStream, dNormed) = (gradients[0].mutableView(size), gradients[1].mutableView(size))
        let wide = rows * c.attentionWidth
        let (dMixed, dQuery) = (gradients[2].mutableView(wide), gradients[3].mutableView(wide))
        let (dKey, dValue) = (gradients[4].mutableView(wide), gradients[5].mutableView(wide))
        let dHidden = gradients[6].mutableView(rows * c.hiddenSize)
        func part(_ entry: ParameterLayout.Entry) -> MutableFloatView {
            gradient.mutableView(entry.offset, entry.count)
        }
        func back(
            _ entry: ParameterLayout.LinearEntry, x: FloatView, dy: FloatView, dx: MutableFloatView,
            accumulate: Bool = false
        ) {
            linear(entry).backward(
                x: x, weight: weights.view(entry.weight), dy: dy, dWeight: part(entry.weight), dBias: part(entry.bias),
                dx: dx, rows: rows, accumulate: accumulate)
        }
        back(layout.output, x: finalNormed.view, dy: dOutput, dx: dNormed)
        dStream.fill(0)
        norm.backward(
            x: stream.view, scale: weights.view(layout.finalNorm.scale), mean: finalMean.view,
            inverseDeviation: finalDeviation.view, dy: dNormed.view, addingTo: dStream,
            dScale: part(layout.finalNorm.scale), dOffset: part(layout.finalNorm.offset), rows: rows)
        for (index, block) in layout.blocks.enumerated().reversed() {
            let k = activations[index]
            back(block.contract, x: k.activated.view, dy: dStream.view, dx: dHidden)
            VectorMath.geluBackward(x: k.hidden.view(0, dHidden.count), dy: dHidden.view, into: dHidden)
            back(block.expand, x: k.normedMiddle.view, dy: dHidden.view, dx: dNormed)
            norm.backward(
                x: k.middle.view, scale: weights.view(block.hiddenNorm.scale), mean: k.mean2.view,
                inverseDeviation: k.deviation2.view, dy: dNormed.view, addingTo: dStream,
                dScale: part(block.hiddenNorm.scale),
                dOffset: part(block.hiddenNorm.offset), rows: rows)
            back(block.projection, x: k.mixed.view, dy: dStream.view, dx: dMixed)
            for view in [dQuery, dKey, dValue] { view.fill(0) }
            attention.backward(
                q: k.query.view, k: k.key.view, v: k.value.view, weights: k.weights.view, dy: dMixed.view, dq: dQuery,
                dk: dKey, dv: dValue, scratch: scratch.mutableView, sequences: sequences)
            attention.rotate(dQuery, sequences: sequences, table: rotary, backward: true)
            attention.rotate(dKey, sequences: sequences, table: rotary, backward: true)
            back(block.query, x: k.normed.view, dy: dQuery.view, dx: dNormed)
            back(block.key, x: k.normed.view, dy: dKey.view, dx: dNormed, accumulate: true)
            back(block.value, x: k.normed.view, dy: dValue.view, dx: dNormed, accumulate: true)
            norm.backward(
                x: k.input.view, scale: weights.view(block.attentionNorm.scale), mean: k.mean1.view,
                inverseDeviation: k.deviation1.view, dy: dNormed.view, addingTo: dStream,
                dScale: part(block.attentionNorm.scale), dOffset: part(block.attentionNorm.offset), rows: rows)
        }
        return dStream.view
    }

    private func apply(
        _ entry: ParameterLayout.LinearEntry, _ weights: PolicyWeights, _ x: FloatView, into y: MutableFloatView,
        rows: Int
    ) {
        linear(entry).forward(
            x, weight: weights.view(entry.weight), bias: weights.view(entry.bias), into: y, rows: rows)
    }

    private func linear(_ entry: ParameterLayout.LinearEntry) -> Linear {
        Linear(inputs: entry.weight.shape[0], outputs: entry.weight.shape[1])
    }
}
