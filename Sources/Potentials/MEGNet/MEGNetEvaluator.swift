package import Crystals
internal import Foundation
internal import Kernels

/// MEGNet at work, with scratch memory that is used again from structure to structure.
///
/// Atoms and edges of one class (``GraphPartition``) are computed once and count with their numbers in every mean and
/// in the pooling, so that the result is that of the whole graph. Means are taken in double precision.
package final class MEGNetEvaluator: PropertyEvaluator {
    let model: MEGNet
    /// The width of all features.
    let width: Int

    // Features: atoms [atoms, width], edges [edges, width]; the state [width].
    var atoms = ScratchBuffer()
    var edges = ScratchBuffer()
    var state = ScratchBuffer()
    // Atoms and state as convolutions see them.
    var atomInputs = ScratchBuffer()
    var stateInputs = ScratchBuffer()
    // Parts of first layers: of sources and destinations [atoms, outputs], of the state [outputs].
    var sourcePart = ScratchBuffer()
    var destinationPart = ScratchBuffer()
    var statePart = ScratchBuffer()
    // Means of new edges at each atom [atoms, width], of all edges and all atoms [width].
    var neighborMeans = ScratchBuffer()
    var edgeMean = ScratchBuffer()
    var atomMean = ScratchBuffer()
    /// The bases of bonds, and first layers.
    var hidden = ScratchBuffer()
    // The results of layers, in turn.
    var evenResults = ScratchBuffer()
    var oddResults = ScratchBuffer()
    /// Sums of new edges, `[atoms, width]`.
    var sums: [Double] = []
    /// `[width]`
    let ones: FloatView

    /// Rows of edges that run through all steps together.
    static let chunk = 96

    init(_ model: MEGNet) {
        self.model = model
        width = model.configuration.width
        ones = FloatBuffer([Float](repeating: 1, count: width)).view
    }

    package func predict(_ structures: [Structure]) -> [Result<[PropertyPrediction], PotentialError>] {
        structures.map { structure in
            Result { () throws(PotentialError) in try predict(structure) }
        }
    }

    private func predict(_ structure: Structure) throws(PotentialError) -> [PropertyPrediction] {
        for (atom, element) in structure.elements.enumerated() where model.rows[element] == nil {
            throw .unknownElement(symbol: element.symbol, atom: atom, potential: model.name)
        }
        let graph = try MEGNetGraph(
            makeGraph(of: structure), structure.elements.map(\.atomicNumber),
            rounds: model.mergesEquivalent ? model.configuration.architecture.blockCount : nil)
        let rows = graph.quotient.representatives.map { model.rows[structure.elements[$0]] ?? 0 }
        defer { releaseLargeScratchBuffers() }
        var predictions: [PropertyPrediction] = []
        for (prediction, state) in zip(model.predictions, model.stateRows) {
            let value = value(rows, graph, state: state)
            guard value.isFinite else { throw .notFinite(potential: model.name) }
            predictions.append(PropertyPrediction(name: prediction.name, value: value))
        }
        return predictions
    }

    /// The edges of a structure; there are no angles in them. Atoms on one site are neighbours as any others: no
    /// direction is asked for.
    ///
    /// - Throws: also if no two atoms are neighbours: a mean over no edges is no number.
    package func makeGraph(of structure: Structure) throws(PotentialError) -> CrystalGraph {
        let cutoff = model.configuration.architecture.cutoff
        let neighbors = try NeighborList(of: structure, cutoff: cutoff, maximumEdges: model.maximumEdges)
        guard neighbors.bondCount > 0 else { throw .noNeighbours(cutoff: cutoff) }
        return try CrystalGraph(neighbors, bondCutoff: 0, maximumAngles: 0, volume: structure.cell.volume)
    }

    /// - Parameter rows: of the element of each class of atoms.
    private func value(_ rows: [Int], _ graph: MEGNetGraph, state row: Int) -> Double {
        let weights = model.weights
        embed(rows, graph, state: row)
        for block in weights.blocks { convolve(block, graph) }
        let rounds = model.configuration.architecture.poolingRounds
        let features =
            pool(atoms.view(graph.atomCount * width), graph.atomCounts, weights.atomPooling, rounds: rounds)
            + pool(edges.view(graph.edgeCount * width), graph.edgeCounts, weights.edgePooling, rounds: rounds)
            + state.view(width).array
        let x = hidden.mutableView(features.count)
        x.assign(features)
        let result = run(weights.output, on: x.view, rows: 1, activatesLast: false)
        return Double(result[0]) * model.configuration.outputDeviation + model.configuration.outputMean
    }

    /// One huge structure must not hold its memory for good.
    private func releaseLargeScratchBuffers() {
        for path in [
            \MEGNetEvaluator.atoms, \.edges, \.atomInputs, \.sourcePart, \.destinationPart, \.neighborMeans, \.hidden,
            \.evenResults, \.oddResults,
        ] {
            self[keyPath: path].releaseIfLarge()
        }
        if sums.capacity > ScratchBuffer.largestKept { sums = [] }
    }
}
