package import Crystals
import Foundation

/// What tells that two structures cannot match without comparing their atoms: it never rejects a pair that
/// ``StructureMatcher`` would match.
///
/// * The **composition of the reduced cell**, element by element, which holds both the reduced formula and the number
///   of sites. The matcher looks for partners one to one within equal elements of the two reduced cells, so it has no
///   match between cells whose compositions differ. It is the composition of the cells that the reduction found, not
///   of the crystals: where the reduction takes one of two nearly equal structures to a smaller cell and the other
///   one not, the matcher does not match them either.
/// * The **lengths of the reduced vectors** at unit volume, in ascending order. A match needs three independent
///   vectors of the first lattice that are not longer than the second one's by more than the tolerance. So each
///   successive minimum of the first is at most that much longer than the second's, and Niggli-reduced vectors
///   are successive minima.
package struct StructureFingerprint: Sendable, Hashable {
    /// Atomic numbers and numbers of atoms in the reduced cell: what structures that may match have in common.
    package struct Key: Sendable, Hashable {
        /// In order of atomic number.
        package let counts: [ElementCount]
    }

    /// How many atoms of an element there are.
    package struct ElementCount: Sendable, Hashable {
        package let element: Element
        package let count: Int
    }

    /// The composition of the reduced cell.
    package let key: Key
    /// In units of volume^(1/3), ascending.
    private let lengths: SIMD3<Double>

    init(cell: Cell, blocks: [ReducedStructure.Block]) {
        key = Key(counts: blocks.map { ElementCount(element: $0.element, count: $0.range.count) })
        let ordered = [cell.a, cell.b, cell.c].map { ($0 * $0).sum().squareRoot() / cbrt(cell.volume) }.sorted()
        lengths = SIMD3(ordered[0], ordered[1], ordered[2])
    }

    /// Whether a structure of this fingerprint may match one of another; not symmetric, as the comparison is not.
    package func mayMatch(_ other: StructureFingerprint, tolerances: MatchingTolerances) -> Bool {
        key == other.key && all(lengths .<= other.lengths * ((1 + tolerances.length) * Self.margin))
    }

    /// Against the tolerance of the Niggli reduction and rounding.
    private static let margin = 1.001
}

extension StructureFingerprint.Key {
    /// A number that is the same for equal keys in every build (FNV-1a), to sort and search by.
    package var hash: UInt64 {
        counts.reduce(0xCBF2_9CE4_8422_2325) { hash, entry in
            [entry.element.atomicNumber, entry.count & 0xFF, entry.count >> 8].reduce(hash) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01B3
            }
        }
    }
}
