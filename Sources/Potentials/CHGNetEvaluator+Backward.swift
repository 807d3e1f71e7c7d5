internal import Foundation
internal import Kernels

/// The backward pass: derivatives of the energy of the crystal by the lengths and cosines of its classes.
///
/// On a quotient graph the derivative by a class is the sum of those by its members, which are all the same if the
/// classes are stable; so each has that sum over the number of members. Derivatives of features are of this kind too:
/// what flows to a class is what flows to all its atoms, bonds or angles together.
extension CHGNetEvaluator {
    /// The derivatives after a forward pass that was kept.
    func slopes(_ graph: QuotientGraph) -> ClassSlopes {
        let derivatives = FeatureDerivatives(&backward, graph, width: width)
        readOutBackward(graph, into: derivatives.atoms)
        let layers = model.configuration.convolutionCount
        for layer in (0..<layers).reversed() {
            if graph.angleCount > 0, layer + 2 < layers { updateAnglesBackward(layer, graph, derivatives) }
            if graph.angleCount > 0, layer + 1 < layers { convolveBondsBackward(layer, graph, derivatives) }
            convolveAtomsBackward(layer, graph, derivatives)
        }
        return embedBackward(graph, derivatives)
    }

    /// Where derivatives by features are summed up, `[classes, width]` each.
    struct FeatureDerivatives {
        let atoms: MutableFloatView
        let bonds: MutableFloatView
        let angles: MutableFloatView
        let atomWeights: MutableFloatView
        let bondWeights: MutableFloatView

        init(_ buffers: inout CHGNetBackwardBuffers, _ graph: QuotientGraph, width: Int) {
            let shortCount = graph.angleCount > 0 ? graph.shortBondCount : 0
            atoms = buffers.dAtoms.mutableView(graph.atomCount * width)
            bonds = buffers.dBonds.mutableView(graph.bondCount * width)
            angles = buffers.dAngles.mutableView(graph.angleCount * width)
            atomWeights = buffers.dAtomWeights.mutableView(graph.bondCount * width)
            bondWeights = buffers.dBondWeights.mutableView(shortCount * width)
            for view in [atoms, bonds, angles, atomWeights, bondWeights] { view.fill(0) }
        }
    }

    /// dx (+)= dy · w^T, for y = x · w with w `[inputs, outputs]`.
    private func multiplyBack(
        _ dy: FloatView, _ weight: CHGNetWeights.Matrix, into dx: MutableFloatView, rows: Int, inputs: Int,
        outputs: Int, accumulate: Bool
    ) {
        BLAS.multiply(
            dy, weight.backward, into: dx, m: rows, n: inputs, k: outputs, beta: accumulate ? 1 : 0)
    }

    /// A cleared table of derivatives by parts of a first layer.
    private func cleared(
        _ path: WritableKeyPath<CHGNetBackwardBuffers, ScratchBuffer>, rows: Int
    ) -> MutableFloatView {
        let view = backward[keyPath: path].mutableView(rows * 2 * width)
        view.fill(0)
        return view
    }

    /// Of `add(_:to:rows:)`: the derivative by the sums of messages.
    private func sumsBackward(_ layer: CHGNetWeights.Convolution, _ dy: FloatView, rows: Int) -> FloatView {
        let dSums = backward.dSums.mutableView(rows * width)
        multiplyBack(
            dy.view(0, rows * width), layer.output, into: dSums, rows: rows, inputs: width, outputs: width,
            accumulate: false)
        return dSums.view
    }

    /// Of `secondLayer`: the derivative by the hidden features of one chunk.
    private func secondLayerBackward(_ dBoth: FloatView, _ layer: CHGNetWeights.Gate.Hidden, rows: Int)
        -> MutableFloatView
    {
        let dHidden = backward.dHidden.mutableView(rows * 2 * width)
        for (weight, offset) in [(layer.core.backward, 0), (layer.gate.backward, width)] {
            BLAS.multiply(
                dBoth.view(offset, dBoth.count - offset), weight,
                into: dHidden.mutableView(offset, dHidden.count - offset), m: rows, n: width, k: width,
                strideA: 2 * width, strideC: 2 * width)
        }
        return dHidden
    }

    private func convolveAtomsBackward(_ number: Int, _ graph: QuotientGraph, _ derivatives: FeatureDerivatives) {
        let layer = model.weights.atomConvolutions[number]
        guard let second = layer.gate.hidden else { return }
        let dSums = sumsBackward(layer, derivatives.atoms.view, rows: graph.atomCount)
        let tables = edgeTables(
            layer.gate, graph, atoms: backward.atoms(number, graph.atomCount * width),
            bonds: backward.bonds(number, graph.bondCount * width))
        let dCentre = cleared(\.dCentre, rows: graph.atomCount)
        let dNeighbor = cleared(\.dNeighbor, rows: graph.atomCount)
        let dBond = cleared(\.dBond, rows: graph.bondCount)
        let weights = GraphKernels.MessageWeights(
            atomMessageWeights.view(graph.bondCount * width), derivative: derivatives.atomWeights,
            first: graph.edgeBond)
        forEachChunk(of: graph.edgeCount) { rows in
            let first = hidden.mutableView(rows.count * 2 * width)
            let slope = backward.slope.mutableView(rows.count * 2 * width)
            GraphKernels.gatherSilu(
                tables.centre, tables.bond, tables.neighbor, rows: rows, width: 2 * width, accumulate: false,
                into: first, slope: slope)
            let both = secondLayer(first.view, second, rows: rows.count)
            let dBoth = backward.dGates.mutableView(rows.count * 2 * width)
            GraphKernels.messageBackward(
                both.view, bias: second.bias, norm: layer.gate.norm, dSums: dSums, target: graph.edgeCentre,
                times: graph.edgeMultiplicities, by: weights, rows: rows, width: width, into: dBoth)
            let dHidden = secondLayerBackward(dBoth.view, second, rows: rows.count)
            GraphKernels.scatter(
                dHidden, slope: slope.view, to: .init(dCentre, graph.edgeCentre), .init(dBond, graph.edgeBond),
                .init(dNeighbor, graph.edgeNeighbor), rows: rows, width: 2 * width)
        }
        toFeatures(dBond.view, layer.gate.parts[1], derivatives.bonds, rows: graph.bondCount)
        // Atoms begin as constants.
        if number == 0 { return }
        toFeatures(dCentre.view, layer.gate.parts[0], derivatives.atoms, rows: graph.atomCount)
        toFeatures(dNeighbor.view, layer.gate.parts[2], derivatives.atoms, rows: graph.atomCount)
    }

    /// features += parts · w^T
    private func toFeatures(_ dPart: FloatView, _ weight: CHGNetWeights.Matrix, _ features: MutableFloatView, rows: Int)
    {
        multiplyBack(
            dPart, weight, into: features.mutableView(0, rows * width), rows: rows, inputs: width, outputs: 2 * width,
            accumulate: true)
    }

    private func convolveBondsBackward(_ number: Int, _ graph: QuotientGraph, _ derivatives: FeatureDerivatives) {
        let layer = model.weights.bondConvolutions[number]
        guard let second = layer.gate.hidden else { return }
        let short = graph.shortBondCount
        let dSums = sumsBackward(layer, derivatives.bonds.view, rows: short)
        let tables = angleTables(
            layer.gate, graph, atoms: backward.atoms(number + 1, graph.atomCount * width),
            bonds: backward.bonds(number, short * width), biased: true)
        let t = backward.angles(number, graph.angleCount * width)
        let parts = AngleParts(self, graph)
        let weights = GraphKernels.MessageWeights(
            bondMessageWeights.view(short * width), derivative: derivatives.bondWeights, first: graph.angleFirstBond,
            second: graph.angleSecondBond)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(layer.gate, t, rows)
            let slope = backward.slope.mutableView(rows.count * 2 * width)
            GraphKernels.gatherSilu(
                tables.first, tables.second, tables.centre, rows: rows, width: 2 * width, accumulate: true,
                into: first, slope: slope)
            let both = secondLayer(first.view, second, rows: rows.count)
            let dBoth = backward.dGates.mutableView(rows.count * 2 * width)
            GraphKernels.messageBackward(
                both.view, bias: second.bias, norm: layer.gate.norm, dSums: dSums, target: graph.angleFirstBond,
                times: graph.angleMultiplicities, by: weights, rows: rows, width: width, into: dBoth)
            let dHidden = secondLayerBackward(dBoth.view, second, rows: rows.count)
            parts.scatter(dHidden, slope: slope.view, rows: rows, width: width)
            toFeatures(dHidden.view, layer.gate.parts[2], part(derivatives.angles, rows), rows: rows.count)
        }
        parts.toFeatures(self, layer.gate, derivatives, graph)
    }

    private func updateAnglesBackward(_ number: Int, _ graph: QuotientGraph, _ derivatives: FeatureDerivatives) {
        let gate = model.weights.angleLayers[number]
        let tables = angleTables(
            gate, graph, atoms: backward.atoms(number + 1, graph.atomCount * width),
            bonds: backward.bonds(number + 1, graph.shortBondCount * width), biased: false)
        let t = backward.angles(number, graph.angleCount * width)
        let parts = AngleParts(self, graph)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(gate, t, rows)
            GraphKernels.gatherSum(
                tables.first, tables.second, tables.centre, rows: rows, width: 2 * width, accumulate: true, silu: false,
                into: first)
            let dFirst = backward.dGates.mutableView(rows.count * 2 * width)
            GraphKernels.gatedBackward(
                first.view, bias: gate.bias, norm: gate.norm, dy: part(derivatives.angles.view, rows),
                rows: rows.count, width: width, into: dFirst)
            parts.scatter(dFirst, slope: nil, rows: rows, width: width)
            toFeatures(dFirst.view, gate.parts[2], part(derivatives.angles, rows), rows: rows.count)
        }
        parts.toFeatures(self, gate, derivatives, graph)
    }

    /// Derivatives by what bonds and centres contribute to the first layer over [e_u, e_v, t, h].
    private struct AngleParts {
        let first: GraphKernels.Scatter
        let second: GraphKernels.Scatter
        let centre: GraphKernels.Scatter

        init(_ evaluator: CHGNetEvaluator, _ graph: QuotientGraph) {
            first = .init(evaluator.cleared(\.dBond, rows: graph.shortBondCount), graph.angleFirstBond)
            second = .init(evaluator.cleared(\.dSecondBond, rows: graph.shortBondCount), graph.angleSecondBond)
            centre = .init(evaluator.cleared(\.dCentre, rows: graph.atomCount), graph.angleCentre)
        }

        func scatter(_ dPart: MutableFloatView, slope: FloatView?, rows: Range<Int>, width: Int) {
            GraphKernels.scatter(dPart, slope: slope, to: first, second, centre, rows: rows, width: 2 * width)
        }

        func toFeatures(
            _ evaluator: CHGNetEvaluator, _ gate: CHGNetWeights.Gate, _ derivatives: FeatureDerivatives,
            _ graph: QuotientGraph
        ) {
            let short = graph.shortBondCount
            evaluator.toFeatures(first.table.view, gate.parts[0], derivatives.bonds, rows: short)
            evaluator.toFeatures(second.table.view, gate.parts[1], derivatives.bonds, rows: short)
            evaluator.toFeatures(centre.table.view, gate.parts[3], derivatives.atoms, rows: graph.atomCount)
        }
    }
}

// MARK: - Both ends

extension CHGNetEvaluator {
    /// The derivative of the crystal's energy by the features of each class of atoms.
    private func readOutBackward(_ graph: QuotientGraph, into dAtoms: MutableFloatView) {
        let weights = model.weights
        let count = graph.atomCount
        guard let last = weights.readout.last else { return }
        let layers = weights.readout.dropLast()
        // The forward pass again, with what precedes each activation; two more tables to work in.
        let widest = layers.reduce(width) { max($0, $1.outputs) }
        let kept = backward.activations.mutableView((layers.reduce(width) { $0 + $1.outputs } + 2 * widest) * count)
        var next = 0
        func take(_ columns: Int) -> MutableFloatView {
            defer { next += columns * count }
            return kept.mutableView(next, columns * count)
        }
        let (left, right) = (take(widest), take(widest))
        let statistics = backward.statistics.mutableView(2 * count + 2 * width)
        let (mean, deviation) = (statistics.mutableView(0, count), statistics.mutableView(count, count))
        let norm = LayerNorm(size: width, epsilon: Float(model.configuration.layerNormEpsilon))
        var x = atoms.view(count * width)
        if let parameters = weights.readoutNorm {
            let y = take(width)
            norm.forward(
                x, scale: parameters.scale, offset: parameters.offset, into: y, mean: mean,
                inverseDeviation: deviation, rows: count)
            x = y.view
        }
        var before: [FloatView] = []
        for layer in layers {
            let z = take(layer.outputs)
            Linear(inputs: layer.inputs, outputs: layer.outputs).forward(
                x, weight: layer.weight.forward, bias: layer.bias, into: z, rows: count)
            before.append(z.view)
            let y = left.mutableView(0, z.count)
            VectorMath.silu(z.view, into: y)
            x = y.view
        }
        for atom in 0..<count {
            let row = left.mutableView(atom * last.inputs, last.inputs)
            row.copy(from: last.weight.forward)
            VectorMath.scale(row, by: Float(graph.atomClassSizes[atom]))
        }
        for (layer, z) in zip(layers, before).reversed() {
            let dz = right.mutableView(0, z.count)
            VectorMath.siluBackward(x: z, dy: left.view(0, z.count), into: dz)
            multiplyBack(
                dz.view, layer.weight, into: left, rows: count, inputs: layer.inputs, outputs: layer.outputs,
                accumulate: false)
        }
        let d = left.view(0, count * width)
        guard let parameters = weights.readoutNorm else {
            dAtoms.copy(from: d)
            return
        }
        norm.backward(
            x: atoms.view(count * width), scale: parameters.scale, mean: mean.view, inverseDeviation: deviation.view,
            dy: d, addingTo: dAtoms, dScale: statistics.mutableView(2 * count, width),
            dOffset: statistics.mutableView(2 * count + width, width), rows: count)
    }

    /// From features and weights of messages to lengths and cosines.
    private func embedBackward(_ graph: QuotientGraph, _ derivatives: FeatureDerivatives) -> ClassSlopes {
        let weights = model.weights
        let configuration = model.configuration
        var lengths = [Double](repeating: 0, count: graph.bondCount)
        GraphKernels.radialBackward(
            graph.bondLengths, frequencies: weights.atomFrequencies, cutoff: configuration.atomCutoff,
            exponent: configuration.envelopeExponent, width: width,
            through: .init(weights.bondEmbedding, dy: derivatives.bonds.view),
            .init(weights.atomMessageWeights, dy: derivatives.atomWeights.view), rows: graph.bondCount,
            addingTo: &lengths)
        var cosines = [Double](repeating: 0, count: graph.angleCount)
        if graph.angleCount > 0 {
            GraphKernels.radialBackward(
                graph.bondLengths, frequencies: weights.bondFrequencies, cutoff: configuration.bondCutoff,
                exponent: configuration.envelopeExponent, width: width,
                through: .init(weights.bondMessageWeights, dy: derivatives.bondWeights.view),
                rows: graph.shortBondCount, addingTo: &lengths)
            let shrink = 1 - configuration.acosShrink
            let shrunk = graph.angleCosines.map { shrink * max(-1, min(1, $0)) }
            GraphKernels.fourierBackward(
                shrunk.map { acos($0) }, frequencies: weights.angleFrequencies, width: width,
                through: .init(weights.angleEmbedding, dy: derivatives.angles.view), addingTo: &cosines)
            for angle in cosines.indices {
                // d acos(c x) / dx = -c / sqrt(1 - (c x)²); with c = 1 a straight angle has no derivative.
                let sine = max(1e-12, 1 - shrunk[angle] * shrunk[angle]).squareRoot()
                cosines[angle] *= -shrink / sine / graph.angleClassSize(angle)
            }
        }
        for bond in lengths.indices { lengths[bond] /= Double(graph.bondClassSizes[bond]) }
        return ClassSlopes(lengths: lengths, cosines: cosines)
    }
}
