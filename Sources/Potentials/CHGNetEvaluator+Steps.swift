internal import Kernels

/// Steps that layers and their backward passes share.
extension CHGNetEvaluator {
    func forEachChunk(of count: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: count, by: CHGNetEvaluator.chunk) {
            body(start..<min(start + CHGNetEvaluator.chunk, count))
        }
    }

    /// Some rows of a table of features.
    func part(_ table: FloatView, _ rows: Range<Int>) -> FloatView {
        table.view(rows.lowerBound * width, rows.count * width)
    }

    func part(_ table: MutableFloatView, _ rows: Range<Int>) -> MutableFloatView {
        table.mutableView(rows.lowerBound * width, rows.count * width)
    }

    /// A gather from a table of parts of a first layer.
    func gather(_ table: FloatView, _ index: GraphIndex) -> GraphKernels.Gather {
        GraphKernels.Gather(FeatureTable(table, stride: 2 * width), index)
    }

    /// What atoms and bonds contribute to the first layer over [h_i, e, h_j].
    func edgeTables(
        _ gate: CHGNetWeights.Gate, _ graph: QuotientGraph, atoms h: FloatView, bonds e: FloatView
    ) -> (centre: GraphKernels.Gather, bond: GraphKernels.Gather, neighbor: GraphKernels.Gather) {
        let toGates = Linear(inputs: width, outputs: 2 * width)
        let centre = centrePart.mutableView(graph.atomCount * 2 * width)
        let neighbor = neighborPart.mutableView(graph.atomCount * 2 * width)
        let bond = bondPart.mutableView(graph.bondCount * 2 * width)
        toGates.forward(h, weight: gate.parts[0].forward, bias: gate.bias, into: centre, rows: graph.atomCount)
        toGates.forward(e, weight: gate.parts[1].forward, bias: nil, into: bond, rows: graph.bondCount)
        toGates.forward(h, weight: gate.parts[2].forward, bias: nil, into: neighbor, rows: graph.atomCount)
        return (
            gather(centre.view, graph.edgeCentre), gather(bond.view, graph.edgeBond),
            gather(neighbor.view, graph.edgeNeighbor)
        )
    }

    /// What bonds and centres contribute to the first layer over [e_u, e_v, t, h].
    func angleTables(
        _ gate: CHGNetWeights.Gate, _ graph: QuotientGraph, atoms h: FloatView, bonds e: FloatView, biased: Bool
    ) -> (first: GraphKernels.Gather, second: GraphKernels.Gather, centre: GraphKernels.Gather) {
        let short = graph.shortBondCount
        let toGates = Linear(inputs: width, outputs: 2 * width)
        let first = bondPart.mutableView(short * 2 * width)
        let second = secondBondPart.mutableView(short * 2 * width)
        let centre = centrePart.mutableView(graph.atomCount * 2 * width)
        toGates.forward(e, weight: gate.parts[0].forward, bias: nil, into: first, rows: short)
        toGates.forward(e, weight: gate.parts[1].forward, bias: nil, into: second, rows: short)
        toGates.forward(
            h, weight: gate.parts[3].forward, bias: biased ? gate.bias : nil, into: centre, rows: graph.atomCount)
        return (
            gather(first.view, graph.angleFirstBond), gather(second.view, graph.angleSecondBond),
            gather(centre.view, graph.angleCentre)
        )
    }

    /// What angles contribute to it, for one chunk.
    func anglePart(_ gate: CHGNetWeights.Gate, _ t: FloatView, _ rows: Range<Int>) -> MutableFloatView {
        let first = hidden.mutableView(rows.count * 2 * width)
        Linear(inputs: width, outputs: 2 * width).forward(
            part(t, rows), weight: gate.parts[2].forward, bias: nil, into: first, rows: rows.count)
        return first
    }

    /// The second layer of core and gate on the hidden features of one chunk, and the gate itself.
    func gatedMessage(_ first: FloatView, _ gate: CHGNetWeights.Gate, rows: Int) -> FloatView {
        let message = messages.mutableView(rows * width)
        guard let second = gate.hidden else { return message.view }
        let both = secondLayer(first, second, rows: rows)
        GraphKernels.gated(
            both.view, bias: second.bias, norm: gate.norm, rows: rows, width: width, into: message)
        return message.view
    }

    /// Core and gate of one chunk before their biases, [rows, 2 width].
    func secondLayer(_ first: FloatView, _ layer: CHGNetWeights.Gate.Hidden, rows: Int) -> MutableFloatView {
        let both = gates.mutableView(rows * 2 * width)
        for (weight, offset) in [(layer.core.forward, 0), (layer.gate.forward, width)] {
            BLAS.multiply(
                first.view(offset, first.count - offset), weight, into: both.mutableView(offset, both.count - offset),
                m: rows, n: width, k: width, strideA: 2 * width, strideC: 2 * width)
        }
        return both
    }

    func clearSums(rows: Int) {
        sums.removeAll(keepingCapacity: true)
        sums.append(contentsOf: repeatElement(0, count: rows * width))
    }

    /// features += W sums (+ bias)
    func add(_ layer: CHGNetWeights.Convolution, to features: MutableFloatView, rows: Int) {
        let total = summed.mutableView(rows * width)
        GraphKernels.narrow(sums, count: rows * width, into: total)
        let change = update.mutableView(rows * width)
        Linear(inputs: width, outputs: width).forward(
            total.view, weight: layer.output.forward, bias: layer.outputBias, into: change, rows: rows)
        VectorMath.add(change.view, to: features)
    }

    /// One huge structure must not hold its memory for good.
    func releaseLargeScratchBuffers() {
        for path in [
            \CHGNetEvaluator.atoms, \.bonds, \.angles, \.atomMessageWeights, \.bondMessageWeights, \.centrePart,
            \.neighborPart, \.bondPart, \.secondBondPart, \.summed, \.update,
        ] {
            self[keyPath: path].releaseIfLarge()
        }
        backward.releaseLarge()
        if sums.capacity > ScratchBuffer.largestKept { sums = [] }
    }
}
