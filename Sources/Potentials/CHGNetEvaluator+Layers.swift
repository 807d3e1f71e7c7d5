internal import Crystals
internal import Foundation
internal import Kernels

/// The layers, each of which changes the features in place.
extension CHGNetEvaluator {
    func embed(_ elements: [Element], _ graph: QuotientGraph) {
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
    func convolveAtoms(_ layer: CHGNetWeights.Convolution, _ graph: QuotientGraph) {
        let h = atoms.mutableView(graph.atomCount * width)
        let tables = edgeTables(layer.gate, graph, atoms: h.view, bonds: bonds.view(graph.bondCount * width))
        let weights = GraphKernels.Gather(
            FeatureTable(atomMessageWeights.view(graph.bondCount * width), stride: width), graph.edgeBond)
        clearSums(rows: graph.atomCount)
        forEachChunk(of: graph.edgeCount) { rows in
            let first = hidden.mutableView(rows.count * 2 * width)
            GraphKernels.gatherSum(
                tables.centre, tables.bond, tables.neighbor, rows: rows, width: 2 * width, accumulate: false,
                silu: true, into: first)
            let message = gatedMessage(first.view, layer.gate, rows: rows.count)
            GraphKernels.scatterWeighted(
                message, times: graph.edgeMultiplicities, by: [weights], to: graph.edgeCentre, rows: rows, width: width,
                addingTo: &sums)
        }
        add(layer, to: h, rows: graph.atomCount)
    }

    /// e_u += W Σ G([e_u, e_v, t_uv, h_c]) * wb_u * wb_v over the angles whose first bond is u.
    func convolveBonds(_ layer: CHGNetWeights.Convolution, _ graph: QuotientGraph) {
        let short = graph.shortBondCount
        let tables = angleTables(
            layer.gate, graph, atoms: atoms.view(graph.atomCount * width), bonds: bonds.view(short * width),
            biased: true)
        let weights = FeatureTable(bondMessageWeights.view(short * width), stride: width)
        // A bias changes the bonds without angles too.
        let rows = layer.outputBias == nil ? short : graph.bondCount
        clearSums(rows: rows)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(layer.gate, angles.view(graph.angleCount * width), rows)
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
    func updateAngles(_ gate: CHGNetWeights.Gate, _ graph: QuotientGraph) {
        let tables = angleTables(
            gate, graph, atoms: atoms.view(graph.atomCount * width), bonds: bonds.view(graph.shortBondCount * width),
            biased: false)
        let t = angles.mutableView(graph.angleCount * width)
        forEachChunk(of: graph.angleCount) { rows in
            let first = anglePart(gate, t.view, rows)
            GraphKernels.gatherSum(
                tables.first, tables.second, tables.centre, rows: rows, width: 2 * width, accumulate: true, silu: false,
                into: first)
            let message = messages.mutableView(rows.count * width)
            GraphKernels.gated(
                first.view, bias: gate.bias, norm: gate.norm, rows: rows.count, width: width, into: message)
            VectorMath.add(message.view, to: part(t, rows))
        }
    }
}
