package import Kernels
package import Trajectories

/// Log-probabilities of crystals under a policy, and the gradient of any weighted sum of them.
///
/// One instance is one thread's: it keeps the activations of the last `evaluate` for `addGradient`. Results depend on
/// the crystals of the batch and the weights alone.
package final class LikelihoodEvaluator {
    private let layout: ParameterLayout
    private let configuration: PolicyConfiguration
    private let transformer: Transformer
    private let features: TokenFeatures
    private var heads: OutputHeads
    private let tables = SymmetryTables.shared

    private var batch: PackedBatch?
    private var rawOutput = ScratchBuffer()
    /// The derivative of each token's own log-probability by its raw outputs.
    private var derivative = ScratchBuffer()
    private var gathered: [ScratchBuffer]
    private var projected = ScratchBuffer()
    private var firstInputs = ScratchBuffer()
    private var firstHidden = ScratchBuffer()
    private var firstActivated = ScratchBuffer()
    private var firstLogits = ScratchBuffer()
    private var firstDerivative = ScratchBuffer()
    private let work: FloatBuffer

    package init(layout: ParameterLayout) {
        self.layout = layout
        configuration = layout.configuration
        transformer = Transformer(layout: layout)
        features = TokenFeatures(configuration: layout.configuration)
        heads = OutputHeads(layout.configuration)
        gathered = TokenKind.allCases.map { _ in ScratchBuffer() }
        work = FloatBuffer(count: layout.configuration.atomTypes)
    }

    // MARK: Forward

    /// The log-probabilities of each crystal.
    ///
    /// - Parameters:
    ///   - constraint: what may be drawn: the distribution is that of a sampler under the same constraint, and a
    ///     crystal that it forbids has -1e10.
    ///   - keepsGradient: whether `addGradient` will be called for this batch.
    package func evaluate(
        _ batch: PackedBatch, weights: PolicyWeights, constraint: Constraint = .none, keepsGradient: Bool = false
    ) -> [LogProbabilities] {
        let rows = batch.tokenCount
        let width = configuration.outputSize
        let target = transformer.prepare(batch.sequences, keepsGradient: keepsGradient)
        project(batch, weights: weights, into: target)
        transformer.forward(weights, sequences: batch.sequences, into: rawOutput.mutableView(rows * width))
        firstPosition(batch, weights: weights)
        if keepsGradient {
            derivative.mutableView(rows * width).fill(0)
            firstDerivative.mutableView(batch.count * configuration.wyckoffTypes).fill(0)
            self.batch = batch
        } else {
            self.batch = nil
        }
        return batch.items.enumerated().map { index, item in
            logProbabilities(item, index: index, constraint: constraint, keepsGradient: keepsGradient)
        }
    }

    /// The raw outputs of the last `evaluate`: `[tokens, outputSize]`, and those of the first position `[crystals,
    /// wyckoffTypes]`.
    package func lastOutputs(_ batch: PackedBatch) -> (tokens: FloatView, first: FloatView) {
        (
            rawOutput.view(0, batch.tokenCount * configuration.outputSize),
            firstLogits.view(0, batch.count * configuration.wyckoffTypes)
        )
    }

    private func logProbabilities(
        _ item: PackedBatch.Item, index: Int, constraint: Constraint, keepsGradient: Bool
    ) -> LogProbabilities {
        let width = configuration.outputSize
        func output(_ token: Int) -> FloatView { rawOutput.view((item.start + token) * width, width) }
        func slope(_ token: Int) -> MutableFloatView? {
            keepsGradient ? derivative.mutableView((item.start + token) * width, width) : nil
        }
        let types = configuration.wyckoffTypes
        var result = LogProbabilities.zero
        result.w = heads.wyckoffLogProbability(
            of: item.wyckoffs[0], logits: firstLogits.view(index * types, types),
            allowed: .first(group: item.group, tables: tables),
            derivative: keepsGradient ? firstDerivative.mutableView(index * types, types) : nil)
        for site in 0..<item.siteCount {
            let token = 5 * site
            let wyckoff = item.wyckoffs[site]
            result.a += heads.atomLogProbability(
                of: item.atoms[site], row: output(token), constraint: constraint, derivative: slope(token),
                work: work.mutableView)
            for axis in 0..<3 where tables.isFree(group: item.group, wyckoff: wyckoff, axis: axis) {
                result.xyz += heads.coordinateLogProbability(
                    of: item.positions[site][axis], row: output(token + 1 + axis), derivative: slope(token + 1 + axis))
            }
            let next = site + 1 < item.siteCount ? item.wyckoffs[site + 1] : 0
            if site + 1 < item.siteCount || item.isTerminated {
                result.w += heads.wyckoffLogProbability(
                    of: next, logits: output(token + 4),
                    allowed: .after(
                        wyckoff, group: item.group, mayEnd: constraint.mayEnd(after: item.atoms[...site]),
                        tables: tables),
                    derivative: slope(token + 4))
            }
        }
        let latticeToken = item.latticeToken - item.start
        let (offset, count) = (configuration.atomTypes, configuration.latticeOutputs)
        result.l = heads.latticeLogProbability(
            of: item.lattice, row: output(latticeToken).view(offset, count),
            derivative: slope(latticeToken)?.mutableView(offset, count),
            isFree: { tables.isLatticeParameterFree(group: item.group, index: $0) })
        return result
    }

    /// The tokens of a kind: (item, site, row), in order.
    private func tokens(_ kind: TokenKind, of batch: PackedBatch) -> [(item: PackedBatch.Item, site: Int, row: Int)] {
        var list: [(item: PackedBatch.Item, site: Int, row: Int)] = []
        for item in batch.items {
            let sites = item.siteCount + (kind == .wyckoff && item.isTerminated ? 1 : 0)
            for site in 0..<sites { list.append((item, site, item.start + 5 * site + kind.rawValue)) }
        }
        return list
    }

    private func project(_ batch: PackedBatch, weights: PolicyWeights, into target: MutableFloatView) {
        let size = configuration.modelSize
        for kind in TokenKind.allCases {
            let list = tokens(kind, of: batch)
            let width = features.width(kind)
            let block = gathered[kind.rawValue].mutableView(list.count * width)
            let rows = projected.mutableView(list.count * size)
            for (slot, token) in list.enumerated() {
                let row = block.mutableView(slot * width, width)
                let group = token.item.group
                switch kind {
                case .wyckoff:
                    let wyckoff = token.site < token.item.siteCount ? token.item.wyckoffs[token.site] : 0
                    features.writeWyckoff(
                        group: group, wyckoff: wyckoff,
                        multiplicity: tables.multiplicity(group: group, wyckoff: wyckoff),
                        weights: weights, into: row)
                case .atom:
                    features.writeAtom(group: group, atom: token.item.atoms[token.site], weights: weights, into: row)
                case .x, .y, .z:
                    features.writeCoordinate(
                        group: group, value: token.item.positions[token.site][kind.rawValue - 2], weights: weights,
                        into: row)
                }
            }
            let entry = layout.inputs[kind.rawValue]
            Linear(inputs: width, outputs: size).forward(
                block.view, weight: weights.view(entry.weight), bias: weights.view(entry.bias), into: rows,
                rows: list.count)
            for (slot, token) in list.enumerated() {
                target.mutableView(token.row * size, size).copy(from: rows.view(slot * size, size))
            }
        }
    }

    private func firstPosition(_ batch: PackedBatch, weights: PolicyWeights) {
        let c = configuration
        let inputs = firstInputs.mutableView(batch.count * c.embeddingSize)
        for (index, item) in batch.items.enumerated() {
            inputs.mutableView(index * c.embeddingSize, c.embeddingSize).copy(from: weights.groupEmbedding(item.group))
        }
        let (hidden, output) = (layout.firstHidden, layout.firstOutput)
        Linear(inputs: c.embeddingSize, outputs: c.firstHiddenSize).forward(
            inputs.view, weight: weights.view(hidden.weight), bias: weights.view(hidden.bias),
            into: firstHidden.mutableView(batch.count * c.firstHiddenSize), rows: batch.count)
        let size = batch.count * c.firstHiddenSize
        VectorMath.gelu(firstHidden.view(0, size), into: firstActivated.mutableView(size))
        Linear(inputs: c.firstHiddenSize, outputs: c.wyckoffTypes).forward(
            firstActivated.view, weight: weights.view(output.weight), bias: weights.view(output.bias),
            into: firstLogits.mutableView(batch.count * c.wyckoffTypes), rows: batch.count)
    }

    // MARK: Backward

    /// Adds the gradient of Σ coefficient · log p over the crystals of the last `evaluate(keepsGradient: true)`.
    ///
    /// - Parameters:
    ///   - coefficients: for each crystal, the weight of each component.
    ///   - gradient: the flat gradient of all parameters, added to.
    /// - Precondition: a batch was evaluated for its gradient, with these weights.
    package func addGradient(coefficients: [LogProbabilities], weights: PolicyWeights, to gradient: MutableFloatView) {
        // invariant: callers pair the two; a programmer's error otherwise.
        guard let batch else { preconditionFailure("addGradient without evaluate(keepsGradient:)") }
        precondition(coefficients.count == batch.count && gradient.count == layout.parameterCount)
        self.batch = nil
        let c = configuration
        for (item, coefficient) in zip(batch.items, coefficients) { scaleSlopes(of: item, by: coefficient) }
        for (index, coefficient) in coefficients.enumerated() {
            VectorMath.scale(
                firstDerivative.mutableView(index * c.wyckoffTypes, c.wyckoffTypes), by: Float(coefficient.w))
        }
        let dTokens = transformer.backward(
            weights, sequences: batch.sequences, dOutput: derivative.view(0, batch.tokenCount * c.outputSize),
            gradient: gradient)
        projectionGradient(batch, weights: weights, dTokens: dTokens, gradient: gradient)
        firstPositionGradient(batch, weights: weights, gradient: gradient)
    }

    private func scaleSlopes(of item: PackedBatch.Item, by coefficient: LogProbabilities) {
        let width = configuration.outputSize
        for token in 0..<item.tokenCount {
            let row = derivative.mutableView((item.start + token) * width, width)
            switch token % 5 {
            case 0:
                VectorMath.scale(row.mutableView(0, configuration.atomTypes), by: Float(coefficient.a))
                VectorMath.scale(
                    row.mutableView(configuration.atomTypes, configuration.latticeOutputs), by: Float(coefficient.l))
            case 4: VectorMath.scale(row.mutableView(0, configuration.wyckoffTypes), by: Float(coefficient.w))
            default: VectorMath.scale(row.mutableView(0, configuration.coordinateOutputs), by: Float(coefficient.xyz))
            }
        }
    }

    private func projectionGradient(
        _ batch: PackedBatch, weights: PolicyWeights, dTokens: FloatView, gradient: MutableFloatView
    ) {
        let size = configuration.modelSize
        let embedding = configuration.embeddingSize
        func row(_ entry: ParameterLayout.Entry, _ index: Int) -> MutableFloatView {
            gradient.mutableView(entry.offset + index * embedding, embedding)
        }
        for kind in TokenKind.allCases {
            let list = tokens(kind, of: batch)
            let width = features.width(kind)
            for (slot, token) in list.enumerated() {
                projected.mutableView(slot * size, size).copy(from: dTokens.view(token.row * size, size))
            }
            let entry = layout.inputs[kind.rawValue]
            let inputs = gathered[kind.rawValue]
            Linear(inputs: width, outputs: size).backward(
                x: inputs.view, weight: weights.view(entry.weight), dy: projected.view,
                dWeight: gradient.mutableView(entry.weight.offset, entry.weight.count),
                dBias: gradient.mutableView(entry.bias.offset, entry.bias.count), dx: nil, rows: list.count)
            // The gradient of the embeddings alone; coordinates and multiplicities are data.
            let columns = kind == .wyckoff || kind == .atom ? 2 * embedding : embedding
            BLAS.multiply(
                projected.view, weights.view(entry.weight), into: inputs.mutableView, m: list.count, n: columns,
                k: size,
                transposeB: true, strideC: width)
            for (slot, token) in list.enumerated() {
                let d = inputs.view(slot * width, width)
                VectorMath.add(d.view(0, embedding), to: row(layout.groupEmbedding, token.item.group - 1))
                if kind == .wyckoff {
                    let wyckoff = token.site < token.item.siteCount ? token.item.wyckoffs[token.site] : 0
                    VectorMath.add(d.view(embedding, embedding), to: row(layout.wyckoffEmbedding, wyckoff))
                } else if kind == .atom {
                    VectorMath.add(
                        d.view(embedding, embedding), to: row(layout.atomEmbedding, token.item.atoms[token.site]))
                }
            }
        }
    }

    private func firstPositionGradient(_ batch: PackedBatch, weights: PolicyWeights, gradient: MutableFloatView) {
        let c = configuration
        func part(_ entry: ParameterLayout.Entry) -> MutableFloatView {
            gradient.mutableView(entry.offset, entry.count)
        }
        let dHidden = FloatBuffer(count: batch.count * c.firstHiddenSize)
        Linear(inputs: c.firstHiddenSize, outputs: c.wyckoffTypes).backward(
            x: firstActivated.view, weight: weights.view(layout.firstOutput.weight), dy: firstDerivative.view,
            dWeight: part(layout.firstOutput.weight), dBias: part(layout.firstOutput.bias), dx: dHidden.mutableView,
            rows: batch.count)
        VectorMath.geluBackward(x: firstHidden.view(0, dHidden.count), dy: dHidden.view, into: dHidden.mutableView)
        let dInputs = FloatBuffer(count: batch.count * c.embeddingSize)
        Linear(inputs: c.embeddingSize, outputs: c.firstHiddenSize).backward(
            x: firstInputs.view, weight: weights.view(layout.firstHidden.weight), dy: dHidden.view,
            dWeight: part(layout.firstHidden.weight), dBias: part(layout.firstHidden.bias), dx: dInputs.mutableView,
            rows: batch.count)
        for (index, item) in batch.items.enumerated() {
            VectorMath.add(
                dInputs.view(index * c.embeddingSize, c.embeddingSize),
                to: gradient.mutableView(
                    layout.groupEmbedding.offset + (item.group - 1) * c.embeddingSize, c.embeddingSize))
        }
    }
}
