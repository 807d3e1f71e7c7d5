/// The classes that derivatives of the energy need.
///
/// What flows back to an atom or a bond comes through everything that it takes part in: an atom has its edges, in both
/// roles, and the angles at it; a bond has both its ends, and its angles as first and as second edge. Where the colours
/// see all of that and no longer change, derivatives agree within a class as features do, in any number of layers.
extension GraphPartition {
    /// The classes that another round would not divide; each atom and each bond alone if so many rounds do not suffice.
    ///
    /// - Parameters:
    ///   - elements: the atomic number of each atom.
    ///   - maximumRounds: crystals need three to six, a chain of atoms half as many as it has.
    /// - Complexity: O(edges + angles) a round.
    package init(stable graph: CrystalGraph, elements: [Int], maximumRounds: Int = 100) {
        var colours = Colours(graph, elements)
        var classes = colours.classes
        for _ in 0..<maximumRounds {
            colours.refine()
            let finer = colours.classes
            // Colours are made of those before, so classes are divided or left alone.
            let isStable =
                finer.atoms.representatives.count == classes.atoms.representatives.count
                && finer.bonds.representatives.count == classes.bonds.representatives.count
            classes = finer
            if isStable {
                self.init(atoms: classes.atoms, bonds: classes.bonds)
                return
            }
        }
        self.init(separating: graph)
    }

    /// Colours in the course of refinement.
    private struct Colours {
        let graph: CrystalGraph
        var atoms: [UInt64]
        var bonds: [UInt64]
        let angles: [UInt64]

        init(_ graph: CrystalGraph, _ elements: [Int]) {
            self.graph = graph
            atoms = elements.map { scrambled(UInt64($0)) }
            bonds = GraphPartition.initialBondColours(graph)
            angles = graph.angleCosines.map { scrambled(GraphPartition.bin($0)) }
        }

        var classes: (atoms: Classes, bonds: Classes) { (Classes(colours: atoms), Classes(colours: bonds)) }

        /// One round. Sums of scrambled colours stand for multisets.
        mutating func refine() {
            var atomSums = [UInt64](repeating: 0, count: atoms.count)
            var bondSums = [UInt64](repeating: 0, count: bonds.count)
            for edge in 0..<graph.edgeCount {
                let (centre, bond) = (graph.edgeCentres[edge], graph.edgeBonds[edge])
                let neighbor = atoms[graph.edgeNeighbors[edge]]
                atomSums[centre] &+= scrambled(bonds[bond] &+ 3 &* neighbor)
                bondSums[bond] &+= scrambled(11 &* atoms[centre] &+ neighbor)
            }
            for angle in 0..<graph.angleCount {
                let centre = graph.angleCentres[angle]
                let first = graph.angleFirstBonds[angle]
                let second = graph.angleSecondBonds[angle]
                let colour = angles[angle] &+ 3 &* bonds[second] &+ 7 &* atoms[centre]
                bondSums[first] &+= scrambled(colour)
                atomSums[centre] &+= scrambled(13 &* bonds[first] &+ colour)
            }
            for atom in atoms.indices { atoms[atom] = scrambled(5 &* atoms[atom] &+ atomSums[atom]) }
            for bond in bonds.indices { bonds[bond] = scrambled(5 &* bonds[bond] &+ bondSums[bond]) }
        }
    }
}
