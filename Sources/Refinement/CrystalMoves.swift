internal import Base
package import Crystals
internal import Foundation

/// The proposals that a crystal's space group and Wyckoff positions leave.
///
/// Each is symmetric: as likely as the one that undoes it, in the variables that the policy's density is of. These are
/// the independent coordinates of each site (periodic, so displacements wrap), lengths over the cube root of the number
/// of atoms, which stays, and angles. What limits a proposal depends on the positions alone, never on the state.
package struct CrystalMoves: Sendable {
    /// A kind that this crystal has.
    let kinds: [MoveKind]
    private let weights: [Double]
    private let group: SpaceGroup
    /// Of each site, where its coordinates go with each of its independent ones.
    private let directions: [[SIMD3<Double>]]
    /// The sites that have such directions.
    private let movable: [Int]
    private let freeLattice: [Bool]
    /// The cube root of the number of atoms in the cell.
    private let scale: Double
    private let elements: [Element]
    private let coordinateWidth: Double
    private let latticeWidth: Double

    /// - Precondition: the space group has the crystal's Wyckoff positions.
    package init(of crystal: Crystal, settings: RefinementSettings) {
        group = crystal.spaceGroup
        directions = crystal.sites.map { site in
            let map = crystal.spaceGroup.position(wyckoff: site.wyckoff)?.representative ?? .identity
            return [map.columns.0, map.columns.1, map.columns.2].filter { $0 != .zero }
        }
        movable = directions.indices.filter { [directions] in !directions[$0].isEmpty }
        freeLattice = group.freeLatticeParameters
        scale = cbrt(Double(max(1, crystal.atomCount)))
        elements = settings.elements
        (coordinateWidth, latticeWidth) = (settings.coordinateWidth, settings.latticeWidth)
        let (siteCount, movableCount, choices) = (crystal.sites.count, movable.count, settings.elements.count)
        kinds = MoveKind.allCases.filter { kind in
            guard settings.moves.contains(kind) else { return false }
            switch kind {
            case .element, .substitution: return choices > 1
            case .exchange: return siteCount > 1
            case .coordinates: return movableCount > 0
            case .lattice: return true
            }
        }
        weights = kinds.map(\.weight)
    }

    /// The crystal with its sites exactly on the representatives of their Wyckoff positions, and a lattice that the
    /// group allows: what a walk begins with.
    package static func settled(_ crystal: Crystal) -> Crystal {
        var crystal = crystal
        for index in crystal.sites.indices {
            guard let position = crystal.spaceGroup.position(wyckoff: crystal.sites[index].wyckoff) else { continue }
            crystal.sites[index].position = position.project(crystal.sites[index].position)
        }
        crystal.lattice = crystal.spaceGroup.symmetrize(crystal.lattice)
        return crystal
    }

    /// Draws what to change, then the change.
    ///
    /// - Returns: nil if the crystal has nothing to change; no crystal if the change leads to none, such as a cell
    ///   without volume, or changes nothing.
    func propose(from crystal: Crystal, _ generator: inout Philox) -> (kind: MoveKind, crystal: Crystal?)? {
        guard let kind = generator.index(probabilities: weights).map({ kinds[$0] }) else { return nil }
        let proposal: Crystal? =
            switch kind {
            case .element: changedElement(crystal, &generator)
            case .substitution: substituted(crystal, &generator)
            case .exchange: exchanged(crystal, &generator)
            case .coordinates: displaced(crystal, &generator)
            case .lattice: strained(crystal, &generator)
            }
        return (kind, proposal)
    }

    // MARK: Elements

    /// Another of the elements on one of the sites, all pairs alike.
    private func changedElement(_ crystal: Crystal, _ generator: inout Philox) -> Crystal? {
        let site = generator.index(below: crystal.sites.count)
        let element = elements[generator.index(below: elements.count)]
        guard element != crystal.sites[site].element else { return nil }
        var crystal = crystal
        crystal.sites[site].element = element
        return crystal
    }

    /// One of the crystal's elements replaced by one that it does not have. The number of its elements stays, and with
    /// it the number of choices on the way back.
    private func substituted(_ crystal: Crystal, _ generator: inout Philox) -> Crystal? {
        let present = Set(crystal.sites.map(\.element)).sorted()
        let old = present[generator.index(below: present.count)]
        let new = elements[generator.index(below: elements.count)]
        guard !present.contains(new) else { return nil }
        var crystal = crystal
        for index in crystal.sites.indices where crystal.sites[index].element == old {
            crystal.sites[index].element = new
        }
        return crystal
    }

    private func exchanged(_ crystal: Crystal, _ generator: inout Philox) -> Crystal? {
        let first = generator.index(below: crystal.sites.count)
        let second = (first + 1 + generator.index(below: crystal.sites.count - 1)) % crystal.sites.count
        let (one, other) = (crystal.sites[first].element, crystal.sites[second].element)
        guard one != other else { return nil }
        var crystal = crystal
        crystal.sites[first].element = other
        crystal.sites[second].element = one
        return crystal
    }

    // MARK: Geometry

    private func displaced(_ crystal: Crystal, _ generator: inout Philox) -> Crystal? {
        let site = movable[generator.index(below: movable.count)]
        let width = coordinateWidth * Self.drawnShare(&generator)
        var position = crystal.sites[site].position
        for direction in directions[site] { position += width * generator.normal() * direction }
        guard let place = group.position(wyckoff: crystal.sites[site].wyckoff) else { return nil }
        var crystal = crystal
        // The displaced point is on the representative but for rounding, which does not add up this way.
        crystal.sites[site].position = place.project(position)
        return crystal
    }

    private func strained(_ crystal: Crystal, _ generator: inout Philox) -> Crystal? {
        let width = latticeWidth * Self.drawnShare(&generator)
        var values = crystal.lattice.values
        for index in values.indices where freeLattice[index] {
            let change = width * generator.normal()
            values[index] += index < 3 ? change * scale : change / 2 * 180 / .pi
        }
        guard values[0..<3].allSatisfy({ $0 > 0 }), values[3..<6].allSatisfy({ $0 > 0 && $0 < 180 }) else { return nil }
        var crystal = crystal
        let lattice = LatticeParameters(
            a: values[0], b: values[1], c: values[2], alpha: values[3], beta: values[4], gamma: values[5])
        crystal.lattice = group.symmetrize(lattice)
        return crystal
    }

    /// A share of the largest width, each order of magnitude as often.
    private static func drawnShare(_ generator: inout Philox) -> Double {
        exp(generator.uniform() * log(RefinementSettings.smallestWidthShare))
    }
}

extension Philox {
    /// One of 0..<count, all alike.
    /// - Precondition: `count` is positive.
    fileprivate mutating func index(below count: Int) -> Int { min(count - 1, Int(uniform() * Double(count))) }
}
