package import Crystals
internal import Foundation
internal import Kernels

/// The forward pass of CHGNet, with scratch memory that is used again from structure to structure.
///
/// Linear layers over concatenated features are split by feature, so that what depends on an atom or a bond alone is
/// computed once; edges and angles run in chunks that stay in cache. Geometry and sums over neighbours are in double
/// precision.
package final class CHGNetEvaluator: PotentialEvaluator {
    private let model: CHGNet
    /// The width of all features.
    private let width: Int

    // Features: atoms [atoms, width], bonds and weights of messages [bonds, width], angles [angles, width].
    private var atoms = ScratchBuffer()
    private var bonds = ScratchBuffer()
    private var angles = ScratchBuffer()
    private var atomMessageWeights = ScratchBuffer()
    private var bondMessageWeights = ScratchBuffer()
    // Parts of first layers, [atoms or bonds, 2 width].
    private var centrePart = ScratchBuffer()
    private var neighborPart = ScratchBuffer()
    private var bondPart = ScratchBuffer()
    private var secondBondPart = ScratchBuffer()
    // One chunk: [chunk, 2 width] twice, [chunk, width].
    private var hidden = ScratchBuffer()
    private var gates = ScratchBuffer()
    private var messages = ScratchBuffer()
    // Sums of messages, [atoms or bonds, width].
    private var sums: [Double] = []
    private var summed = ScratchBuffer()
    private var update = ScratchBuffer()

    /// Rows of edges or angles that run through all steps together.
    private static let chunk = 96

    init(_ model: CHGNet) {
        self.model = model
        width = model.configuration.atomFeatures
    }

    package func evaluate(
        _ structures: [Structure], _ properties: PotentialProperties
    ) -> [Result<PotentialEvaluation, PotentialError>] {
        structures.map { structure in
            Result { () throws(PotentialError) in PotentialEvaluation(energyPerAtom: try energy(of: structure)) }
        }
    }

    /// eV/atom
    private func energy(of structure: Structure) throws(PotentialError) -> Double {
        let energies = try siteEnergies(of: structure)
        let energy = energies.reduce(0, +) / Double(energies.count)
        guard energy.isFinite else { throw .notFinite(potential: model.name) }
        return energy
    }

    /// The energy of each atom, reference energy included, eV; their mean is the energy per atom.
    package func siteEnergies(of structure: Structure) throws(PotentialError) -> [Double] {
        let largest = model.configuration.largestAtomicNumber
        for (atom, element) in structure.elements.enumerated() where element.atomicNumber > largest {
            throw .unsupportedElement(symbol: element.symbol, atom: atom, largestAtomicNumber: largest)
        }
        let graph = quotient(try makeGraph(of: structure), structure.elements)
        defer { releaseLargeScratchBuffer() }
        embed(graph.representatives.map { structure.elements[$0] }, graph)
        let layers = model.configuration.convolutionCount
        for layer in 0..<layers {
            convolveAtoms(model.weights.atomConvolutions[layer], graph)
            if graph.angleCount == 0 || layer + 1 == layers { continue }
            convolveBonds(model.weights.bondConvolutions[layer], graph)
            // Nothing reads the angles after the last bond convolution.
            if layer + 2 < layers { updateAngles(model.weights.angleLayers[layer], graph) }
        }
        let energies = readOut(graph.representatives.map { structure.elements[$0] })
        return graph.atomClasses.map { energies[$0] }
    }

    /// The edges and angles of a structure.
    package func makeGraph(of structure: Structure) throws(PotentialError) -> CrystalGraph {
        let neighbors = try NeighborList(
            of: structure, cutoff: model.configuration.atomCutoff, maximumEdges: model.limits.maximumEdges)
        if let bond = neighbors.lengths.firstIndex(where: { $0 < CHGNetEvaluator.coincidence }) {
            throw .coincidentAtoms(neighbors.first[bond], neighbors.second[bond])
        }
        return try CrystalGraph(
            neighbors, bondCutoff: model.configuration.bondCutoff, maximumAngles: model.limits.maximumAngles,
            volume: structure.cell.volume)
    }

    private func quotient(_ graph: CrystalGraph, _ elements: [Element]) -> QuotientGraph {
        let partition =
            model.mergesEquivalent
            ? GraphPartition(
                refining: graph, elements: elements.map(\.atomicNumber), rounds: model.configuration.convolutionCount)
            : GraphPartition(separating: graph)
        return QuotientGraph(graph, partition)
    }

    /// Å; atoms nearer than this have no direction to each other.
    private static let coincidence = 1e-8
}

// MARK: - Layers

extension CHGNetEvaluator {
    private func embed(_ elements: [Element], _ graph: QuotientGraph) {
        let weights = model.weights
        let configuration = model.configuration
        let h = atoms.mutableView(elements.count * width)
        for (atom, element) in elements.enumerated() {
            h.mutableView(atom * width, width).copy(
                from: weights.atomEmbedding.view((element.atomicNumber - 1) * width, width))
        }
        let e = bonds.mutableView(graph.bondCount * width)
        let weightsOfAtoms = atomMessageWeights.mutableView(graph.bondCount * width)
        let radial = Linear(inputs: configuration.radialCount, outputs: width)
        forEachChunk(of: graph.bondCount) { rows in
            let basis = hidden.mutableView(rows.count * configuration.radialCount)
            GraphKernels.radialBasis(
                graph.bondLengths, rows: rows, frequencies: weights.atomFrequencies, cutoff: configuration.atomCutoff,
                exponent: configuration.envelopeExponent, into: basis)
            radial.forward(
                basis.view, weight: weights.bondEmbedding, bias: nil, into: part(e, rows), rows: rows.count)
            radial.forward(
                basis.view, weight: weights.atomMessageWeights, bias: nil, into: part(weightsOfAtoms, rows),
                rows: rows.count)
        }
        if graph.angleCount == 0 { return }
        let weightsOfBonds = bondMessageWeights.mutableView(graph.shortBondCount * width)
        forEachChunk(of: graph.shortBondCount) { rows in
            let basis = hidden.mutableView(rows.count * configuration.radialCount)
            GraphKernels.radialBasis(
                graph.bondLengths, rows: rows, frequencies: weights.bondFrequencies, cutoff: configuration.bondCutoff,
                exponent: configuration.envelopeExponent, into: basis)
            radial.forward(
                basis.view, weight: weights.bondMessageWeights, bias: nil, into: part(weightsOfBonds, rows),
                rows: rows.count)
        }
        let shrink = 1 - configuration.acosShrink
        let theta = graph.angleCosines.map { acos(shrink * max(-1, min(1, $0))) }
        let fourier = Linear(inputs: 2 * configuration.fourierOrder + 1, outputs: width)
        let t = angles.mutableView(graph.angleCount * width)
        forEachChunk(of: graph.angleCount) { rows in
            let basis = hidden.mutableView(rows.count * fourier.inputs)
            GraphKernels.fourierBasis(theta, rows: rows, frequencies: weights.angleFrequencies, into: basis)
            fourier.forward(
                basis.view, weight: weights.angleEmbedding, bias: nil, into: part(t, rows), rows: rows.count)
        }
    }

    /// h_i += W Σ_j G([h_i, e_ij, h_j]) * wa_ij
    private func convolveAtoms(_ layer: CHGNetWeights.Convolution, _ graph: QuotientGraph) {
        let h = atoms.mutableView(graph.atomCount * width)
        let toGates = Linear(inputs: width, outputs: 2 * width)
        let centre = centrePart.mutableView(graph.atomCount * 2 * width)
        let neighbor = neighborPart.mutableView(graph.atomCount * 2 * width)
        let bond = bondPart.mutableView(graph.bondCount * 2 * width)
        toGates.forward(
            h.view, weight: layer.gate.parts[0], bias: layer.gate.bias, into: centre, rows: graph.atomCount)
        toGates.forward(
            bonds.view(graph.bondCount * width), weight: layer.gate.parts[1], bias: nil, into: bond,
            rows: graph.bondCount)
        toGates.forward(h.view, weight: layer.gate.parts[2], bias: nil, into: neighbor, rows: graph.atomCount)
        let weights = GraphKernels.Gather(
            FeatureTable(atomMessageWeights.view(graph.bondCount * width), stride: width), graph.edgeBond)
        clearSums(rows: graph.atomCount)
        forEachChunk(of: graph.edgeCount) { rows in
            let first = hidden.mutableView(rows.count * 2 * width)
            GraphKernels.gatherSum(
                gather(centre.view, graph.edgeCentre), gather(bond.view, graph.edgeBond),
                gather(neighbor.view, graph.edgeNeighbor),
                rows: rows, width: 2 * width, accumulate: false, silu: true, into: first)
            let message = gatedMessage(first.view, layer.gate, rows: rows.count)
            GraphKernels.scatterWeighted(
                message, times: graph.edgeMultiplicities, by: [weights], to: graph.edgeCentre, rows: rows, width: width,
                addingTo: &sums)
        }
        add(layer, to: h, rows: graph.atomCount)
    }

    /// e_u += W Σ G([e_u, e_v, t_uv, h_c]) * wb_u * wb_v over the angles whose first bond is u.
    private func convolveBonds(_ layer: CHGNetWeights.Convolution, _ graph: QuotientGraph) {
        let short = graph.shortBondCount
        let tables = angleTables(layer.gate, graph, biased: true)
        let weights = FeatureTable(bondMessageWeights.view(short * width), stride: width)
        // A bias changes the bonds without angles too.
        let rows = layer.outputBias == nil ? short : graph.bondCount
        clearSums(rows: rows)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(layer.gate, graph, rows)
            GraphKernels.gatherSum(
                tables.first, tables.second, tables.centre, rows: rows, width: 2 * width, accumulate: true, silu: true,
                into: first)
            let message = gatedMessage(first.view, layer.gate, rows: rows.count)
            GraphKernels.scatterWeighted(
                message, times: graph.angleMultiplicities,
                by: [.init(weights, graph.angleFirstBond), .init(weights, graph.angleSecondBond)],
                to: graph.angleFirstBond, rows: rows, width: width, addingTo: &sums)
        }
        add(layer, to: bonds.mutableView(rows * width), rows: rows)
    }

    /// t_uv += G([e_u, e_v, t_uv, h_c])
    private func updateAngles(_ gate: CHGNetWeights.Gate, _ graph: QuotientGraph) {
        let tables = angleTables(gate, graph, biased: false)
        let t = angles.mutableView(graph.angleCount * width)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(gate, graph, rows)
            GraphKernels.gatherSum(
                tables.first, tables.second, tables.centre, rows: rows, width: 2 * width, accumulate: true, silu: false,
                into: first)
            let message = messages.mutableView(rows.count * width)
            GraphKernels.gated(
                first.view, bias: gate.bias, norm: gate.norm, rows: rows.count, width: width, into: message)
            VectorMath.add(message.view, to: part(t, rows))
        }
    }

    private func readOut(_ elements: [Element]) -> [Double] {
        let weights = model.weights
        let count = elements.count
        var x = atoms.view(count * width)
        if let norm = weights.readoutNorm {
            let y = summed.mutableView(count * width)
            LayerNorm(size: width, epsilon: Float(model.configuration.layerNormEpsilon)).forward(
                x, scale: norm.scale, offset: norm.offset, into: y, mean: hidden.mutableView(count),
                inverseDeviation: gates.mutableView(count), rows: count)
            x = y.view
        }
        for (index, layer) in weights.readout.dropLast().enumerated() {
            let y =
                index % 2 == 0
                ? update.mutableView(count * layer.outputs) : centrePart.mutableView(count * layer.outputs)
            Linear(inputs: layer.inputs, outputs: layer.outputs).forward(
                x, weight: layer.weight, bias: layer.bias, into: y, rows: count)
            VectorMath.silu(y.view, into: y)
            x = y.view
        }
        // The last layer in double: its result is large against the tolerance of an energy.
        guard let last = weights.readout.last else { return [] }
        let values = x.array
        let weight = last.weight.array
        return elements.enumerated().map { atom, element in
            var energy = Double(last.bias[0]) + weights.referenceEnergies[element.atomicNumber - 1]
            for k in 0..<last.inputs { energy += Double(values[atom * last.inputs + k]) * Double(weight[k]) }
            return energy
        }
    }
}

// MARK: - Steps that layers share

extension CHGNetEvaluator {
    private func forEachChunk(of count: Int, _ body: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: count, by: CHGNetEvaluator.chunk) {
            body(start..<min(start + CHGNetEvaluator.chunk, count))
        }
    }

    /// Some rows of a table of features.
    private func part(_ table: FloatView, _ rows: Range<Int>) -> FloatView {
        table.view(rows.lowerBound * width, rows.count * width)
    }

    private func part(_ table: MutableFloatView, _ rows: Range<Int>) -> MutableFloatView {
        table.mutableView(rows.lowerBound * width, rows.count * width)
    }

    /// A gather from a table of parts of a first layer.
    private func gather(_ table: FloatView, _ index: GraphIndex) -> GraphKernels.Gather {
        GraphKernels.Gather(FeatureTable(table, stride: 2 * width), index)
    }

    /// What bonds and centres contribute to the first layer over [e_u, e_v, t, h].
    private func angleTables(
        _ gate: CHGNetWeights.Gate, _ graph: QuotientGraph, biased: Bool
    ) -> (first: GraphKernels.Gather, second: GraphKernels.Gather, centre: GraphKernels.Gather) {
        let short = graph.shortBondCount
        let e = bonds.view(short * width)
        let toGates = Linear(inputs: width, outputs: 2 * width)
        let first = bondPart.mutableView(short * 2 * width)
        let second = secondBondPart.mutableView(short * 2 * width)
        let centre = centrePart.mutableView(graph.atomCount * 2 * width)
        toGates.forward(e, weight: gate.parts[0], bias: nil, into: first, rows: short)
        toGates.forward(e, weight: gate.parts[1], bias: nil, into: second, rows: short)
        toGates.forward(
            atoms.view(graph.atomCount * width), weight: gate.parts[3], bias: biased ? gate.bias : nil,
            into: centre, rows: graph.atomCount)
        return (
            gather(first.view, graph.angleFirstBond), gather(second.view, graph.angleSecondBond),
            gather(centre.view, graph.angleCentre)
        )
    }

    /// What angles contribute to it, for one chunk.
    private func anglePart(
        _ gate: CHGNetWeights.Gate, _ graph: QuotientGraph, _ rows: Range<Int>
    ) -> MutableFloatView {
        let first = hidden.mutableView(rows.count * 2 * width)
        Linear(inputs: width, outputs: 2 * width).forward(
            part(angles.view(graph.angleCount * width), rows), weight: gate.parts[2], bias: nil, into: first,
            rows: rows.count)
        return first
    }

    /// The second layer of core and gate on the hidden features of one chunk, and the gate itself.
    private func gatedMessage(_ first: FloatView, _ gate: CHGNetWeights.Gate, rows: Int) -> FloatView {
        let message = messages.mutableView(rows * width)
        guard let second = gate.hidden else { return message.view }
        let both = gates.mutableView(rows * 2 * width)
        for (weight, offset) in [(second.core, 0), (second.gate, width)] {
            BLAS.multiply(
                first.view(offset, first.count - offset), weight, into: both.mutableView(offset, both.count - offset),
                m: rows, n: width, k: width, strideA: 2 * width, strideC: 2 * width)
        }
        GraphKernels.gated(
            both.view, bias: second.bias, norm: gate.norm, rows: rows, width: width, into: message)
        return message.view
    }

    private func clearSums(rows: Int) {
        sums.removeAll(keepingCapacity: true)
        sums.append(contentsOf: repeatElement(0, count: rows * width))
    }

    /// features += W sums (+ bias)
    private func add(_ layer: CHGNetWeights.Convolution, to features: MutableFloatView, rows: Int) {
        let total = summed.mutableView(rows * width)
        GraphKernels.narrow(sums, count: rows * width, into: total)
        let change = update.mutableView(rows * width)
        Linear(inputs: width, outputs: width).forward(
            total.view, weight: layer.output, bias: layer.outputBias, into: change, rows: rows)
        VectorMath.add(change.view, to: features)
    }

    /// One huge structure must not hold its memory for good.
    private func releaseLargeScratchBuffer() {
        for path in [
            \CHGNetEvaluator.atoms, \.bonds, \.angles, \.atomMessageWeights, \.bondMessageWeights, \.centrePart,
            \.neighborPart, \.bondPart, \.secondBondPart, \.summed, \.update,
        ] {
            self[keyPath: path].releaseIfLarge()
        }
        if sums.capacity > ScratchBuffer.largestKept { sums = [] }
    }
}
