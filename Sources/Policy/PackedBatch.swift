package import Crystals
internal import Foundation
internal import Kernels

/// Crystals laid out as tokens one after another, without padding.
///
/// A crystal of n sites has 5n + 1 tokens: (W, A, X, Y, Z) for each site and the terminating W = 0. One of the largest
/// number of sites has no terminating token, as in the reference, and reads its lattice at the W of its last site.
package struct PackedBatch: Sendable {
    /// A crystal as numbers.
    struct Item: Sendable {
        let group: Int
        let wyckoffs: [Int]
        let atoms: [Int]
        let positions: [SIMD3<Double>]
        /// Lengths over the cube root of the number of atoms (Å), then angles (radians).
        let lattice: [Double]
        /// The first token.
        let start: Int
        let tokenCount: Int
        let isTerminated: Bool

        var siteCount: Int { wyckoffs.count }
        /// The token whose output holds the lattice.
        var latticeToken: Int { start + (isTerminated ? 5 * siteCount : 5 * (siteCount - 1)) }
    }

    let items: [Item]
    let sequences: CausalAttention.Sequences

    package var count: Int { items.count }
    var tokenCount: Int { sequences.rowCount }

    /// - Throws: `PolicyError` for crystals that the configuration cannot take.
    package init(_ crystals: some Sequence<Crystal>, configuration: PolicyConfiguration) throws(PolicyError) {
        var items: [Item] = []
        var start = 0
        let tables = SymmetryTables.shared
        for crystal in crystals {
            let group = crystal.spaceGroup.number
            let n = crystal.sites.count
            guard n <= configuration.maximumSites, n > 0 else {
                throw .tooManySites(found: n, maximum: configuration.maximumSites)
            }
            var atomCount = 0
            for site in crystal.sites {
                guard (1...tables.positionCount(group: group)).contains(site.wyckoff) else {
                    throw .wyckoffOutOfRange(spaceGroup: group, wyckoff: site.wyckoff)
                }
                atomCount += tables.multiplicity(group: group, wyckoff: site.wyckoff)
            }
            let isTerminated = n < configuration.maximumSites
            let tokenCount = 5 * n + (isTerminated ? 1 : 0)
            items.append(
                Item(
                    group: group, wyckoffs: crystal.sites.map(\.wyckoff),
                    atoms: crystal.sites.map(\.element.atomicNumber), positions: crystal.sites.map(\.position),
                    lattice: Self.normalised(crystal.lattice, atomCount: atomCount), start: start,
                    tokenCount: tokenCount, isTerminated: isTerminated))
            start += tokenCount
        }
        self.items = items
        sequences = CausalAttention.Sequences(lengths: items.map(\.tokenCount))
    }

    /// The lattice as the likelihood takes it.
    static func normalised(_ lattice: LatticeParameters, atomCount: Int) -> [Double] {
        let scale = cbrt(Double(atomCount))
        let radian = Double.pi / 180
        return [
            lattice.a / scale, lattice.b / scale, lattice.c / scale, lattice.alpha * radian, lattice.beta * radian,
            lattice.gamma * radian,
        ]
    }

    /// The reverse of `normalised`.
    static func denormalised(_ values: [Double], atomCount: Int) -> LatticeParameters {
        let scale = cbrt(Double(atomCount))
        let degree = 180 / Double.pi
        return LatticeParameters(
            a: values[0] * scale, b: values[1] * scale, c: values[2] * scale, alpha: values[3] * degree,
            beta: values[4] * degree, gamma: values[5] * degree)
    }
}
