import Crystals
import Trajectories

extension CrystalID {
    init(wire: Druse_CrystalID) throws(WireError) {
        self.init(
            version: try WireError.number(wire.version, atMost: WireLimits.version, "version"),
            unit: Int(wire.unit), index: Int(wire.index))
    }

    var wire: Druse_CrystalID {
        var wire = Druse_CrystalID()
        wire.version = UInt64(version)
        wire.unit = UInt32(unit)
        wire.index = UInt32(index)
        return wire
    }
}

extension LogProbabilities {
    init(wire: Druse_LogProbabilities) {
        self.init(w: wire.wyckoff, a: wire.element, xyz: wire.coordinates, l: wire.lattice)
    }

    var wire: Druse_LogProbabilities {
        var wire = Druse_LogProbabilities()
        wire.wyckoff = w
        wire.element = a
        wire.coordinates = xyz
        wire.lattice = l
        return wire
    }
}

extension SampledCrystal {
    /// Reads a crystal. Counts and indices are checked here; its numbers may be anything: ``Admission`` judges them.
    init(wire: Druse_SampledCrystal) throws(WireError) {
        guard let group = SpaceGroup(number: Int(wire.spaceGroup)) else { throw .malformed("space group") }
        let count = wire.wyckoff.count
        guard count <= WireLimits.sitesPerCrystal, wire.elements.count == count, wire.positions.count == 3 * count,
            wire.lattice.count == 6
        else { throw .malformed("the arrays of a crystal do not fit together") }
        var sites: [Crystal.Site] = []
        sites.reserveCapacity(count)
        for index in 0..<count {
            guard (1...27).contains(wire.wyckoff[index]) else { throw .malformed("Wyckoff index") }
            guard let element = Element(atomicNumber: Int(wire.elements[index])) else { throw .malformed("element") }
            let position = SIMD3(
                wire.positions[3 * index], wire.positions[3 * index + 1], wire.positions[3 * index + 2])
            sites.append(Crystal.Site(wyckoff: Int(wire.wyckoff[index]), element: element, position: position))
        }
        let lattice = LatticeParameters(
            a: wire.lattice[0], b: wire.lattice[1], c: wire.lattice[2], alpha: wire.lattice[3], beta: wire.lattice[4],
            gamma: wire.lattice[5])
        self.init(
            id: try CrystalID(wire: wire.id), crystal: Crystal(spaceGroup: group, sites: sites, lattice: lattice),
            terminated: wire.terminated, logProbability: LogProbabilities(wire: wire.logProbability),
            referenceLogProbability: LogProbabilities(wire: wire.referenceLogProbability))
    }

    var wire: Druse_SampledCrystal {
        var wire = Druse_SampledCrystal()
        wire.id = id.wire
        wire.spaceGroup = UInt32(crystal.spaceGroup.number)
        for site in crystal.sites {
            wire.wyckoff.append(UInt32(clamping: site.wyckoff))
            wire.elements.append(UInt32(site.element.atomicNumber))
            wire.positions += [site.position.x, site.position.y, site.position.z]
        }
        let lattice = crystal.lattice
        wire.lattice = [lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma]
        wire.terminated = terminated
        wire.logProbability = logProbability.wire
        wire.referenceLogProbability = referenceLogProbability.wire
        return wire
    }

    /// Reads a list of crystals of bounded length.
    static func list(wire: [Druse_SampledCrystal]) throws(WireError) -> [SampledCrystal] {
        guard wire.count <= WireLimits.crystals else { throw .malformed("too many crystals") }
        var crystals: [SampledCrystal] = []
        crystals.reserveCapacity(wire.count)
        for crystal in wire { crystals.append(try SampledCrystal(wire: crystal)) }
        return crystals
    }
}
