internal import Crystals
internal import Protocol
internal import Trajectories

// What can be measured at all, whoever made it.
extension Admission {
    /// The most atoms of a task: its items, and what comes of them, each fit into a message.
    static let atomsPerTask = 1 << 16

    /// Why an item of an evaluation is not measured; nil if it is.
    static func problem(of item: WorkItem) -> String? {
        switch item.form {
        case .atoms(let structure): return problem(of: structure)
        case .crystal(let crystal, _):
            guard (1...WireLimits.sitesPerCrystal).contains(crystal.sites.count) else {
                return "\(crystal.sites.count) sites, where 1 to \(WireLimits.sitesPerCrystal) can be measured"
            }
            // Sites of unknown positions would count as no atoms.
            return problem(of: crystal) ?? problem(ofAtomCount: crystal.atomCount)
        }
    }

    /// Why no message brings atoms, or their numbers are of no use; nil if neither.
    static func problem(of structure: Structure) -> String? {
        func areWithin(_ limit: Double, _ vectors: [SIMD3<Double>]) -> Bool {
            vectors.allSatisfy { vector in (0..<3).allSatisfy { abs(vector[$0]) <= limit } }
        }
        let cell = structure.cell
        guard areWithin(largestLatticeParameter, [cell.a, cell.b, cell.c]),
            areWithin(largestCoordinate, structure.fractionalCoordinates)
        else { return "a coordinate or cell vector is not a usable number" }
        return problem(ofAtomCount: structure.atomCount)
    }

    /// Why positions, coordinates or lattice of a crystal are of no use; nil if they are not.
    static func problem(of crystal: Crystal) -> String? {
        let letters = crystal.spaceGroup.wyckoffPositions.count
        for site in crystal.sites {
            guard (1...letters).contains(site.wyckoff) else {
                return "space group \(crystal.spaceGroup.number) has no Wyckoff position \(site.wyckoff)"
            }
            guard (0..<3).allSatisfy({ abs(site.position[$0]) <= largestCoordinate }) else {
                return "a coordinate is not a usable number"
            }
        }
        let lattice = crystal.lattice
        let cell = [lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma]
        guard cell.allSatisfy({ abs($0) <= largestLatticeParameter }) else {
            return "a lattice parameter is not a usable number"
        }
        return nil
    }

    private static func problem(ofAtomCount count: Int) -> String? {
        (1...WireLimits.atoms).contains(count) ? nil : "\(count) atoms, where 1 to \(WireLimits.atoms) can be measured"
    }
}

extension WorkItem {
    /// Atoms in the conventional cell, or in that which is given: no result has more.
    var atomCount: Int {
        switch form {
        case .crystal(let crystal, _): crystal.atomCount
        case .atoms(let structure): structure.atomCount
        }
    }
}
