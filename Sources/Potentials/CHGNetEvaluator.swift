package import Crystals
internal import Foundation
internal import Kernels

/// The forward pass of CHGNet, with scratch memory that is used again from structure to structure.
///
/// Linear layers over concatenated features are split by feature, so that what depends on an atom or a bond alone is
/// computed once; edges and angles run in chunks that stay in cache. Geometry and sums over neighbours are in double
/// precision.
package final class CHGNetEvaluator: EnergyEvaluator {
    private let model: CHGNet
    /// The width of all features.
    private let width: Int

    // Features: atoms [atoms, width], bonds and weights of messages [bonds, width], angles [angles, width].
    private var atoms = Scratch()
    private var bonds = Scratch()
    private var angles = Scratch()
    private var atomMessageWeights = Scratch()
    private var bondMessageWeights = Scratch()
    // Parts of first layers, [atoms or bonds, 2 width].
    private var centrePart = Scratch()
    private var neighborPart = Scratch()
    private var bondPart = Scratch()
    private var secondBondPart = Scratch()
    // One chunk: [chunk, 2 width] twice, [chunk, width].
    private var hidden = Scratch()
    private var gates = Scratch()
    private var messages = Scratch()
    // Sums of messages, [atoms or bonds, width].
    private var sums: [Double] = []
    private var summed = Scratch()
    private var update = Scratch()

    /// Rows of edges or angles that run through all steps together.
    private static let chunk = 96

    init(_ model: CHGNet) {
        self.model = model
        width = model.configuration.atomFeatures
    }

    package func energyPerAtom(of structure: Structure) throws(PotentialError) -> Double {
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
        defer { releaseLargeScratch() }
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
        let h = atoms.view(elements.count * width)
        for (atom, element) in elements.enumerated() {
            h.view(atom * width, width).copy(
                from: weights.atomEmbedding.view((element.atomicNumber - 1) * width, width))
        }
        let e = bonds.view(graph.bondCount * width)
        let weightsOfAtoms = atomMessageWeights.view(graph.bondCount * width)
        let radial = Linear(inputs: configuration.radialCount, outputs: width)
        forEachChunk(of: graph.bondCount) { rows in
            let basis = hidden.view(rows.count * configuration.radialCount)
            GraphKernels.radialBasis(
                graph.bondLengths, rows: rows, frequencies: weights.atomFrequencies, cutoff: configuration.atomCutoff,
                exponent: configuration.envelopeExponent, into: basis)
            radial.forward(basis, weight: weights.bondEmbedding.view, bias: nil, into: part(e, rows), rows: rows.count)
            radial.forward(
                basis, weight: weights.atomMessageWeights.view, bias: nil, into: part(weightsOfAtoms, rows),
                rows: rows.count)
        }
        if graph.angleCount == 0 { return }
        let weightsOfBonds = bondMessageWeights.view(graph.shortBondCount * width)
        forEachChunk(of: graph.shortBondCount) { rows in
            let basis = hidden.view(rows.count * configuration.radialCount)
            GraphKernels.radialBasis(
                graph.bondLengths, rows: rows, frequencies: weights.bondFrequencies, cutoff: configuration.bondCutoff,
                exponent: configuration.envelopeExponent, into: basis)
            radial.forward(
                basis, weight: weights.bondMessageWeights.view, bias: nil, into: part(weightsOfBonds, rows),
                rows: rows.count)
        }
        let shrink = 1 - configuration.acosShrink
        let theta = graph.angleCosines.map { acos(shrink * max(-1, min(1, $0))) }
        let fourier = Linear(inputs: 2 * configuration.fourierOrder + 1, outputs: width)
        let t = angles.view(graph.angleCount * width)
        forEachChunk(of: graph.angleCount) { rows in
            let basis = hidden.view(rows.count * fourier.inputs)
            GraphKernels.fourierBasis(theta, rows: rows, frequencies: weights.angleFrequencies, into: basis)
            fourier.forward(
                basis, weight: weights.angleEmbedding.view, bias: nil, into: part(t, rows), rows: rows.count)
        }
    }

    /// h_i += W Σ_j G([h_i, e_ij, h_j]) * wa_ij
    private func convolveAtoms(_ layer: CHGNetWeights.Convolution, _ graph: QuotientGraph) {
        let h = atoms.view(graph.atomCount * width)
        let toGates = Linear(inputs: width, outputs: 2 * width)
        let centre = centrePart.view(graph.atomCount * 2 * width)
        let neighbor = neighborPart.view(graph.atomCount * 2 * width)
        let bond = bondPart.view(graph.bondCount * 2 * width)
        toGates.forward(
            h, weight: layer.gate.parts[0].view, bias: layer.gate.bias.view, into: centre, rows: graph.atomCount)
        toGates.forward(
            bonds.view(graph.bondCount * width), weight: layer.gate.parts[1].view, bias: nil, into: bond,
            rows: graph.bondCount)
        toGates.forward(h, weight: layer.gate.parts[2].view, bias: nil, into: neighbor, rows: graph.atomCount)
        let weights = GraphKernels.Gather(
            FeatureTable(atomMessageWeights.view(graph.bondCount * width), stride: width), graph.edgeBond)
        clearSums(rows: graph.atomCount)
        forEachChunk(of: graph.edgeCount) { rows in
            let first = hidden.view(rows.count * 2 * width)
            GraphKernels.gatherSum(
                gather(centre, graph.edgeCentre), gather(bond, graph.edgeBond), gather(neighbor, graph.edgeNeighbor),
                rows: rows, width: 2 * width, accumulate: false, silu: true, into: first)
            let message = gatedMessage(first, layer.gate, rows: rows.count)
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
            let message = gatedMessage(first, layer.gate, rows: rows.count)
            GraphKernels.scatterWeighted(
                message, times: graph.angleMultiplicities,
                by: [.init(weights, graph.angleFirstBond), .init(weights, graph.angleSecondBond)],
                to: graph.angleFirstBond, rows: rows, width: width, addingTo: &sums)
        }
        add(layer, to: bonds.view(rows * width), rows: rows)
    }

    /// t_uv += G([e_u, e_v, t_uv, h_c])
    private func updateAngles(_ gate: CHGNetWeights.Gate, _ graph: QuotientGraph) {
        let tables = angleTables(gate, graph, biased: false)
        let t = angles.view(graph.angleCount * width)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(gate, graph, rows)
            GraphKernels.gatherSum(
                tables.first, tables.second, tables.centre, rows: rows, width: 2 * width, accumulate: true, silu: false,
                into: first)
            let message = messages.view(rows.count * width)
            GraphKernels.gated(
                first, bias: gate.bias.view, norm: gate.norm, rows: rows.count, width: width, into: message)
            VectorMath.add(message, to: part(t, rows))
        }
    }

    private func readOut(_ elements: [Element]) -> [Double] {
        let weights = model.weights
        let count = elements.count
        var x = atoms.view(count * width)
        if let norm = weights.readoutNorm {
            let y = summed.view(count * width)
            LayerNorm(size: width, epsilon: Float(model.configuration.layerNormEpsilon)).forward(
                x, scale: norm.scale.view, offset: norm.offset.view, into: y, mean: hidden.view(count),
                inverseDeviation: gates.view(count), rows: count)
            x = y
        }
        for (index, layer) in weights.readout.dropLast().enumerated() {
            let y = index % 2 == 0 ? update.view(count * layer.outputs) : centrePart.view(count * layer.outputs)
            Linear(inputs: layer.inputs, outputs: layer.outputs).forward(
                x, weight: layer.weight.view, bias: layer.bias.view, into: y, rows: count)
            VectorMath.silu(y, into: y)
            x = y
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
        let first = bondPart.view(short * 2 * width)
        let second = secondBondPart.view(short * 2 * width)
        let centre = centrePart.view(graph.atomCount * 2 * width)
        toGates.forward(e, weight: gate.parts[0].view, bias: nil, into: first, rows: short)
        toGates.forward(e, weight: gate.parts[1].view, bias: nil, into: second, rows: short)
        toGates.forward(
            atoms.view(graph.atomCount * width), weight: gate.parts[3].view, bias: biased ? gate.bias.view : nil,
            into: centre, rows: graph.atomCount)
        return (
            gather(first, graph.angleFirstBond), gather(second, graph.angleSecondBond),
            gather(centre, graph.angleCentre)
        )
    }

    /// What angles contribute to it, for one chunk.
    private func anglePart(_ gate: CHGNetWeights.Gate, _ graph: QuotientGraph, _ rows: Range<Int>) -> FloatView {
        let first = hidden.view(rows.count * 2 * width)
        Linear(inputs: width, outputs: 2 * width).forward(
            part(angles.view(graph.angleCount * width), rows), weight: gate.parts[2].view, bias: nil, into: first,
            rows: rows.count)
        return first
    }

    /// The second layer of core and gate on the hidden features of one chunk, and the gate itself.
    private func gatedMessage(_ first: FloatView, _ gate: CHGNetWeights.Gate, rows: Int) -> FloatView {
        let message = messages.view(rows * width)
        guard let second = gate.hidden else { return message }
        let both = gates.view(rows * 2 * width)
        for (weight, offset) in [(second.core, 0), (second.gate, width)] {
            BLAS.multiply(
                first.view(offset, first.count - offset), weight.view, into: both.view(offset, both.count - offset),
                m: rows, n: width, k: width, strideA: 2 * width, strideC: 2 * width)
        }
        GraphKernels.gated(both, bias: second.bias.view, norm: gate.norm, rows: rows, width: width, into: message)
        return message
    }

    private func clearSums(rows: Int) {
        sums.removeAll(keepingCapacity: true)
        sums.append(contentsOf: repeatElement(0, count: rows * width))
    }

    /// features += W sums (+ bias)
    private func add(_ layer: CHGNetWeights.Convolution, to features: FloatView, rows: Int) {
        let total = summed.view(rows * width)
        GraphKernels.narrow(sums, count: rows * width, into: total)
        let change = update.view(rows * width)
        Linear(inputs: width, outputs: width).forward(
            total, weight: layer.output.view, bias: layer.outputBias?.view, into: change, rows: rows)
        VectorMath.add(change, to: features)
    }

    /// One huge structure must not hold its memory for good.
    private func releaseLargeScratch() {
        for path in [
            \CHGNetEvaluator.atoms, \.bonds, \.angles, \.atomMessageWeights, \.bondMessageWeights, \.centrePart,
            \.neighborPart, \.bondPart, \.secondBondPart, \.summed, \.update,
        ] {
            self[keyPath: path].releaseIfLarge()
        }
        if sums.capacity > Scratch.largestKept { sums = [] }
    }
}

/// A block of numbers that grows when more are asked for.
struct Scratch {
    private var buffer = FloatBuffer(count: 0)

    /// Numbers; larger blocks are given back after use (8 MiB).
    static let largestKept = 1 << 21

    /// The first `count` numbers; what they hold is undefined.
    mutating func view(_ count: Int) -> FloatView {
        if buffer.count < count { buffer = FloatBuffer(count: max(count, min(2 * buffer.count, Scratch.largestKept))) }
        return buffer.view(0, count)
    }

    mutating func releaseIfLarge() {
        if buffer.count > Scratch.largestKept { buffer = FloatBuffer(count: 0) }
    }
}
