/// Classes of atoms and bonds that a message-passing network cannot tell apart.
///
/// Colour refinement: an atom's colour is made of its element and, round by round, of the colours of its bonds and
/// neighbours; a bond's colour of its length and of the bonds and angles at both its ends. Atoms and bonds of one
/// colour after as many rounds as the network has layers have equal features in every layer, because the rounds see
/// what the layers see. Symmetry-equivalent atoms always share a class; no symmetry operation needs to be known.
package struct GraphPartition {
    package let atoms: Classes
    package let bonds: Classes

    /// A numbering of classes in order of their first members.
    package struct Classes: Sendable {
        /// The class of each member.
        package private(set) var numbers: [Int] = []
        /// The first member of each class.
        package private(set) var representatives: [Int] = []

        init(colours: [UInt64]) {
            numbers.reserveCapacity(colours.count)
            var known = ColourTable(capacity: colours.count)
            for (member, colour) in colours.enumerated() {
                let number = known.number(of: colour)
                if number == representatives.count { representatives.append(member) }
                numbers.append(number)
            }
        }

        /// Each member alone.
        init(separate count: Int) {
            numbers = Array(0..<count)
            representatives = numbers
        }

        /// How many members each class has.
        var sizes: [Int] {
            var sizes = [Int](repeating: 0, count: representatives.count)
            for number in numbers { sizes[number] += 1 }
            return sizes
        }

        func isRepresentative(_ member: Int) -> Bool { representatives[numbers[member]] == member }
    }

    init(atoms: Classes, bonds: Classes) {
        self.atoms = atoms
        self.bonds = bonds
    }

    /// Each atom and each bond alone.
    package init(separating graph: CrystalGraph) {
        atoms = Classes(separate: graph.atomCount)
        bonds = Classes(separate: graph.bondCount)
    }

    /// The classes after a number of rounds: what the layers of an energy see.
    /// - Parameter elements: the atomic number of each atom.
    package init(refining graph: CrystalGraph, elements: [Int], rounds: Int) {
        var atomColours = elements.map { scrambled(UInt64($0)) }
        var bondColours = GraphPartition.initialBondColours(graph)
        let angleColours = graph.angleCosines.map { scrambled(GraphPartition.bin($0)) }
        for _ in 0..<rounds {
            // Sums of scrambled colours stand for multisets: the order of neighbours does not matter.
            var atomSums = [UInt64](repeating: 0, count: atomColours.count)
            for edge in 0..<graph.edgeCount {
                let pair = bondColours[graph.edgeBonds[edge]] &+ 3 &* atomColours[graph.edgeNeighbors[edge]]
                atomSums[graph.edgeCentres[edge]] &+= scrambled(pair)
            }
            for atom in atomColours.indices { atomColours[atom] = scrambled(5 &* atomColours[atom] &+ atomSums[atom]) }
            var bondSums = [UInt64](repeating: 0, count: graph.shortBondCount)
            for angle in 0..<graph.angleCount {
                let colour =
                    angleColours[angle] &+ 3 &* bondColours[graph.angleSecondBonds[angle]]
                    &+ 7 &* atomColours[graph.angleCentres[angle]]
                bondSums[graph.angleFirstBonds[angle]] &+= scrambled(colour)
            }
            for bond in bondSums.indices { bondColours[bond] = scrambled(5 &* bondColours[bond] &+ bondSums[bond]) }
        }
        atoms = Classes(colours: atomColours)
        bonds = Classes(colours: bondColours)
    }

    /// Bonds by their length. Short ones stay apart from long ones, whatever the rounding.
    static func initialBondColours(_ graph: CrystalGraph) -> [UInt64] {
        graph.bondLengths.enumerated().map { bond, length in
            scrambled(bin(length) &* 2 &+ (bond < graph.shortBondCount ? 1 : 0))
        }
    }

    /// Lengths (Å) and cosines that agree to about 1e-8 are equal: far below what changes an energy, far above
    /// rounding.
    static func bin(_ value: Double) -> UInt64 {
        UInt64(bitPattern: Int64((value * 1e8).rounded()))
    }
}
