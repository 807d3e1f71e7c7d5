internal import Foundation
internal import Kernels

/// Encoders and blocks, which change the features in place.
extension MEGNetEvaluator {
    /// Runs rows through layers; the result lies in scratch memory until the next run.
    ///
    /// - Parameter x: `[rows, inputs]`, not the result of a run.
    func run(_ layers: MEGNetWeights.Layers, on x: FloatView, rows: Int, activatesLast: Bool = true) -> FloatView {
        var x = x
        for (index, layer) in layers.enumerated() {
            let count = rows * layer.shape.outputs
            let y = index % 2 == 0 ? evenResults.mutableView(count) : oddResults.mutableView(count)
            layer.shape.forward(x, weight: layer.weight, bias: layer.bias, into: y, rows: rows)
            if activatesLast || index + 1 < layers.count { VectorMath.shiftedSoftplus(y.view, into: y) }
            x = y.view
        }
        return x
    }

    /// The features before the first block.
    ///
    /// - Parameter rows: of the element of each class of atoms.
    func embed(_ rows: [Int], _ graph: MEGNetGraph, state row: Int) {
        let (weights, sizes) = (model.weights, model.configuration.architecture)
        let elements = hidden.mutableView(rows.count * sizes.nodeEmbedding)
        for (atom, row) in rows.enumerated() {
            elements.mutableView(atom * sizes.nodeEmbedding, sizes.nodeEmbedding).copy(
                from: weights.elementEmbedding.view(row * sizes.nodeEmbedding, sizes.nodeEmbedding))
        }
        atoms.mutableView(rows.count * width).copy(
            from: run(weights.atomEncoder, on: elements.view, rows: rows.count))
        state.mutableView(width).copy(
            from: run(
                weights.stateEncoder, on: weights.states.view(row * sizes.stateEmbedding, sizes.stateEmbedding),
                rows: 1))
        embedEdges(graph)
    }

    /// Edges of one length begin with the same features.
    private func embedEdges(_ graph: MEGNetGraph) {
        let weights = model.weights
        let quotient = graph.quotient
        let e = edges.mutableView(graph.edgeCount * width)
        let bonds = sourcePart.mutableView(quotient.bondCount * width)
        forEachChunk(of: quotient.bondCount) { rows in
            let basis = hidden.mutableView(rows.count * weights.centres.count)
            basis.assign(rows.flatMap { gaussians(quotient.bondLengths[$0]) })
            VectorMath.exp(basis.view, into: basis)
            bonds.mutableView(rows.lowerBound * width, rows.count * width).copy(
                from: run(weights.edgeEncoder, on: basis.view, rows: rows.count))
        }
        for edge in 0..<graph.edgeCount {
            e.mutableView(edge * width, width).copy(from: bonds.view(quotient.edgeBond[edge] * width, width))
        }
    }

    /// The exponents of the Gaussians at a distance in Å.
    private func gaussians(_ distance: Double) -> [Float] {
        let gamma = model.configuration.gaussian.gamma
        return model.weights.centres.map { Float(-gamma * (distance - $0) * (distance - $0)) }
    }

    func forEachChunk(of count: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: count, by: Self.chunk) { body(start..<min(start + Self.chunk, count)) }
    }

    /// One block: edges from atoms, atoms from edges, the state from both, each added to what it was.
    func convolve(_ block: MEGNetWeights.Block, _ graph: MEGNetGraph) {
        let v = atoms.mutableView(graph.atomCount * width)
        let u = state.mutableView(width)
        let vInput = atomInputs.mutableView(v.count)
        vInput.copy(from: block.atoms.map { run($0, on: v.view, rows: graph.atomCount) } ?? v.view)
        let uInput = stateInputs.mutableView(width)
        uInput.copy(from: block.state.map { run($0, on: u.view, rows: 1) } ?? u.view)

        updateEdges(block, graph, atoms: vInput.view, state: uInput.view)
        meansOfEdges(graph)
        updateAtoms(block.atomUpdate, graph, atoms: vInput.view, state: uInput.view)
        updateState(block.stateUpdate, state: uInput.view)
    }

    /// What the state contributes to a first layer, its bias included: `[outputs]`.
    private func part(of state: FloatView, _ joint: MEGNetWeights.Joint) -> FloatView {
        let y = statePart.mutableView(joint.outputs)
        Linear(inputs: width, outputs: joint.outputs).forward(
            state, weight: joint.parts[joint.parts.count - 1], bias: joint.bias, into: y, rows: 1)
        return y.view
    }

    /// e += f([v_source, v_destination, e, u]); the sums of the new edges at each atom are left in `sums`.
    private func updateEdges(
        _ block: MEGNetWeights.Block, _ graph: MEGNetGraph, atoms v: FloatView, state u: FloatView
    ) {
        let joint = block.edgeUpdate
        let outputs = joint.outputs
        let toOutputs = Linear(inputs: width, outputs: outputs)
        let source = sourcePart.mutableView(graph.atomCount * outputs)
        let destination = destinationPart.mutableView(graph.atomCount * outputs)
        toOutputs.forward(v, weight: joint.parts[0], bias: nil, into: source, rows: graph.atomCount)
        toOutputs.forward(v, weight: joint.parts[1], bias: nil, into: destination, rows: graph.atomCount)
        let tables = [
            GraphKernels.Gather(FeatureTable(source.view, stride: outputs), graph.quotient.edgeNeighbor),
            GraphKernels.Gather(FeatureTable(destination.view, stride: outputs), graph.quotient.edgeCentre),
            GraphKernels.Gather(FeatureTable(part(of: u, joint), stride: outputs), graph.shared),
        ]
        let unweighted = GraphKernels.Gather(FeatureTable(ones, stride: width), graph.shared)
        sums.removeAll(keepingCapacity: true)
        sums.append(contentsOf: repeatElement(0, count: graph.atomCount * width))
        forEachChunk(of: graph.edgeCount) { rows in
            let e = edges.mutableView(rows.lowerBound * width, rows.count * width)
            let input = block.edges.map { run($0, on: e.view, rows: rows.count) } ?? e.view
            let first = hidden.mutableView(rows.count * outputs)
            toOutputs.forward(input, weight: joint.parts[2], bias: nil, into: first, rows: rows.count)
            GraphKernels.gatherSum(
                tables[0], tables[1], tables[2], rows: rows, width: outputs, accumulate: true, silu: false,
                into: first)
            VectorMath.shiftedSoftplus(first.view, into: first)
            let new = run(joint.rest, on: first.view, rows: rows.count)
            GraphKernels.scatterWeighted(
                new, times: graph.quotient.edgeMultiplicities, by: [unweighted], to: graph.quotient.edgeCentre,
                rows: rows, width: width, addingTo: &sums)
            VectorMath.add(new, to: e)
        }
    }

    /// The means of the new edges, at each atom (0 where none ends) and of all.
    private func meansOfEdges(_ graph: MEGNetGraph) {
        var total = [Double](repeating: 0, count: width)
        for atom in 0..<graph.atomCount {
            let degree = max(1, graph.degrees[atom])
            for column in 0..<width {
                let sum = sums[atom * width + column]
                total[column] += graph.atomCounts[atom] * sum
                sums[atom * width + column] = sum / degree
            }
        }
        GraphKernels.narrow(
            sums, count: graph.atomCount * width, into: neighborMeans.mutableView(graph.atomCount * width))
        edgeMean.mutableView(width).assign(total.map { Float($0 / graph.totalEdges) })
    }

    /// v += f([v, mean of the new edges at v, u]); the mean of the new atoms is left in `atomMean`.
    private func updateAtoms(
        _ joint: MEGNetWeights.Joint, _ graph: MEGNetGraph, atoms v: FloatView, state u: FloatView
    ) {
        let count = graph.atomCount
        let first = hidden.mutableView(count * joint.outputs)
        Linear(inputs: width, outputs: joint.outputs).forward(
            v, weight: joint.parts[0], bias: part(of: u, joint), into: first, rows: count)
        BLAS.multiply(
            neighborMeans.view(count * width), joint.parts[1], into: first, m: count, n: joint.outputs, k: width,
            beta: 1)
        VectorMath.shiftedSoftplus(first.view, into: first)
        let new = run(joint.rest, on: first.view, rows: count)
        let values = new.array
        var total = [Double](repeating: 0, count: width)
        for atom in 0..<count {
            for column in 0..<width {
                total[column] += graph.atomCounts[atom] * Double(values[atom * width + column])
            }
        }
        atomMean.mutableView(width).assign(total.map { Float($0 / graph.totalAtoms) })
        VectorMath.add(new, to: atoms.mutableView(count * width))
    }

    /// u += f([u, mean of the new edges, mean of the new atoms])
    private func updateState(_ joint: MEGNetWeights.Joint, state u: FloatView) {
        let first = hidden.mutableView(joint.outputs)
        Linear(inputs: width, outputs: joint.outputs).forward(
            u, weight: joint.parts[0], bias: joint.bias, into: first, rows: 1)
        for (mean, weight) in [(edgeMean.view(width), joint.parts[1]), (atomMean.view(width), joint.parts[2])] {
            BLAS.multiply(mean, weight, into: first, m: 1, n: joint.outputs, k: width, beta: 1)
        }
        VectorMath.shiftedSoftplus(first.view, into: first)
        VectorMath.add(run(joint.rest, on: first.view, rows: 1), to: state.mutableView(width))
    }
}
