package import Crystals
internal import Foundation
internal import Kernels

/// CHGNet at work, with scratch memory that is used again from structure to structure.
///
/// Linear layers over concatenated features are split by feature, so that what depends on an atom or a bond alone is
/// computed once; edges and angles run in chunks that stay in cache. Geometry and sums over neighbours are in double
/// precision. Forces and stress come from a backward pass over the same quotient graph, which computes the gates again
/// chunk by chunk instead of keeping them.
package final class CHGNetEvaluator: PotentialEvaluator {
    let model: CHGNet
    /// The width of all features.
    let width: Int

    // Features: atoms [atoms, width], bonds and weights of messages [bonds, width], angles [angles, width].
    var atoms = ScratchBuffer()
    var bonds = ScratchBuffer()
    var angles = ScratchBuffer()
    var atomMessageWeights = ScratchBuffer()
    var bondMessageWeights = ScratchBuffer()
    // Parts of first layers, [atoms or bonds, 2 width].
    var centrePart = ScratchBuffer()
    var neighborPart = ScratchBuffer()
    var bondPart = ScratchBuffer()
    var secondBondPart = ScratchBuffer()
    // One chunk: [chunk, 2 width] twice, [chunk, width].
    var hidden = ScratchBuffer()
    var gates = ScratchBuffer()
    var messages = ScratchBuffer()
    // Sums of messages, [atoms or bonds, width].
    var sums: [Double] = []
    var summed = ScratchBuffer()
    var update = ScratchBuffer()
    /// What a backward pass needs besides.
    var backward: CHGNetBackwardBuffers

    /// Rows of edges or angles that run through all steps together.
    static let chunk = 96

    init(_ model: CHGNet) {
        self.model = model
        width = model.configuration.atomFeatures
        backward = CHGNetBackwardBuffers(layers: model.configuration.convolutionCount)
    }

    package func evaluate(
        _ structures: [Structure], _ properties: PotentialProperties
    ) -> [Result<PotentialEvaluation, PotentialError>] {
        structures.map { structure in
            Result { () throws(PotentialError) in try evaluate(structure, properties) }
        }
    }

    /// - Throws: if the structure cannot be evaluated or anything asked for is not finite.
    private func evaluate(
        _ structure: Structure, _ properties: PotentialProperties
    ) throws(PotentialError) -> PotentialEvaluation {
        try requireKnownElements(structure)
        let crystal = try makeGraph(of: structure)
        let graph = quotient(crystal, structure.elements, forGradient: properties.needsGradient)
        let elements = graph.representatives.map { structure.elements[$0] }
        defer { releaseLargeScratchBuffers() }
        let moments = run(elements, graph, properties)
        let energies = readOut(elements)
        let siteEnergies = graph.atomClasses.map { energies[$0] }
        let energy = siteEnergies.reduce(0, +) / Double(siteEnergies.count)
        guard energy.isFinite else { throw .notFinite(potential: model.name) }
        var evaluation = PotentialEvaluation(energyPerAtom: energy)
        if properties.contains(.siteEnergies) { evaluation.siteEnergies = siteEnergies }
        if let moments { evaluation.magneticMoments = graph.atomClasses.map { moments[$0] } }
        if properties.needsGradient {
            let gradient = crystal.gradient(slopes(graph), of: graph)
            let volume = structure.cell.volume
            if properties.contains(.forces) { evaluation.forces = gradient.forces }
            if properties.contains(.stress) { evaluation.stress = Stress(rows: gradient.virial.map { $0 / volume }) }
        }
        guard evaluation.isFinite else { throw .notFinite(potential: model.name) }
        return evaluation
    }

    func requireKnownElements(_ structure: Structure) throws(PotentialError) {
        let largest = model.configuration.largestAtomicNumber
        for (atom, element) in structure.elements.enumerated() where element.atomicNumber > largest {
            throw .unsupportedElement(symbol: element.symbol, atom: atom, largestAtomicNumber: largest)
        }
    }

    /// All layers; gives the magnetic moments, if asked for, by class of atoms.
    /// - Parameter afterConvolution: called when the features of the atoms have changed.
    func run(
        _ elements: [Element], _ graph: QuotientGraph, _ properties: PotentialProperties,
        afterConvolution: () -> Void = {}
    ) -> [Double]? {
        let keeps = properties.needsGradient
        embed(elements, graph)
        var moments: [Double]?
        let layers = model.configuration.convolutionCount
        for layer in 0..<layers {
            if layer + 1 == layers, properties.contains(.magneticMoments) { moments = magneticMoments(graph.atomCount) }
            if keeps { backward.keep(atoms: atoms, bonds: bonds, of: graph, width: width, layer: layer) }
            convolveAtoms(model.weights.atomConvolutions[layer], graph)
            afterConvolution()
            if graph.angleCount == 0 || layer + 1 == layers { continue }
            if keeps { backward.keep(angles: angles, of: graph, width: width, layer: layer) }
            convolveBonds(model.weights.bondConvolutions[layer], graph)
            // Nothing reads the angles after the last bond convolution.
            if layer + 2 < layers { updateAngles(model.weights.angleLayers[layer], graph) }
        }
        return moments
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

    func quotient(_ graph: CrystalGraph, _ elements: [Element], forGradient: Bool) -> QuotientGraph {
        let numbers = elements.map(\.atomicNumber)
        guard model.mergesEquivalent else {
            return QuotientGraph(graph, GraphPartition(separating: graph), forGradient: forGradient)
        }
        if !forGradient {
            let rounds = model.configuration.convolutionCount
            return QuotientGraph(graph, GraphPartition(refining: graph, elements: numbers, rounds: rounds))
        }
        let merged = QuotientGraph(graph, GraphPartition(stable: graph, elements: numbers), forGradient: true)
        // invariant: stable classes leave no angle without its class; if they did, nothing may be merged.
        if merged.hasEveryAngle { return merged }
        return QuotientGraph(graph, GraphPartition(separating: graph), forGradient: true)
    }

    /// Å; atoms nearer than this have no direction to each other.
    private static let coincidence = 1e-8
}

extension PotentialEvaluation {
    /// Whether all numbers are.
    fileprivate var isFinite: Bool {
        let vectors = (forces ?? []) + (stress?.rows ?? [])
        let numbers = [energyPerAtom] + (magneticMoments ?? []) + (siteEnergies ?? [])
        return numbers.allSatisfy(\.isFinite)
            && vectors.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite }
    }
}
