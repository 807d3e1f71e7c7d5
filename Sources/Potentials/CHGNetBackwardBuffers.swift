internal import Kernels

/// What the backward pass keeps of the forward pass, and where it puts derivatives.
struct CHGNetBackwardBuffers {
    /// Features as each layer found them: atoms and bonds before its atom convolution, angles before its bond
    /// convolution.
    private var atoms: [ScratchBuffer]
    private var bonds: [ScratchBuffer]
    private var angles: [ScratchBuffer]

    // Derivatives of the energy by features and weights of messages, [atoms, bonds or angles, width].
    var dAtoms = ScratchBuffer()
    var dBonds = ScratchBuffer()
    var dAngles = ScratchBuffer()
    var dAtomWeights = ScratchBuffer()
    var dBondWeights = ScratchBuffer()
    /// By sums of messages.
    var dSums = ScratchBuffer()
    // By parts of first layers, [atoms or bonds, 2 width].
    var dCentre = ScratchBuffer()
    var dNeighbor = ScratchBuffer()
    var dBond = ScratchBuffer()
    var dSecondBond = ScratchBuffer()
    // Of one chunk, [chunk, 2 width].
    var slope = ScratchBuffer()
    var dGates = ScratchBuffer()
    var dHidden = ScratchBuffer()
    // Of the readout.
    var activations = ScratchBuffer()
    var statistics = ScratchBuffer()

    init(layers: Int) {
        atoms = (0..<layers).map { _ in ScratchBuffer() }
        bonds = atoms
        angles = atoms
    }

    mutating func keep(
        atoms h: ScratchBuffer, bonds e: ScratchBuffer, of graph: QuotientGraph, width: Int, layer: Int
    ) {
        atoms[layer].mutableView(graph.atomCount * width).copy(from: h.view(graph.atomCount * width))
        bonds[layer].mutableView(graph.bondCount * width).copy(from: e.view(graph.bondCount * width))
    }

    mutating func keep(angles t: ScratchBuffer, of graph: QuotientGraph, width: Int, layer: Int) {
        angles[layer].mutableView(graph.angleCount * width).copy(from: t.view(graph.angleCount * width))
    }

    /// `[atoms, width]`
    func atoms(_ layer: Int, _ count: Int) -> FloatView { atoms[layer].view(count) }
    func bonds(_ layer: Int, _ count: Int) -> FloatView { bonds[layer].view(count) }
    func angles(_ layer: Int, _ count: Int) -> FloatView { angles[layer].view(count) }

    mutating func releaseLarge() {
        for layer in atoms.indices {
            atoms[layer].releaseIfLarge()
            bonds[layer].releaseIfLarge()
            angles[layer].releaseIfLarge()
        }
        for path in [
            \CHGNetBackwardBuffers.dAtoms, \.dBonds, \.dAngles, \.dAtomWeights, \.dBondWeights, \.dSums, \.dCentre,
            \.dNeighbor, \.dBond, \.dSecondBond, \.activations,
        ] {
            self[keyPath: path].releaseIfLarge()
        }
    }
}
