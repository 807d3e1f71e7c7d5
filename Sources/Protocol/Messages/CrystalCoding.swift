import Crystals
import Trajectories

extension PolicyVersion {
    init(wire: UInt64) throws(WireError) {
        self.init(try WireError.number(wire, atMost: WireLimits.version, "version"))
    }

    var wire: UInt64 { UInt64(number) }
}

extension CrystalID {
    init(wire: Druse_CrystalID) throws(WireError) {
        self.init(
            version: try PolicyVersion(wire: wire.version),
            unit: Int(wire.unit), index: Int(wire.index))
    }

    var wire: Druse_CrystalID {
        var wire = Druse_CrystalID()
        wire.version = version.wire
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

/// The arrays that describe a crystal in messages.
protocol WireCrystal {
    var spaceGroup: UInt32 { get set }
    var wyckoff: [UInt32] { get set }
    var elements: [UInt32] { get set }
    var positions: [Double] { get set }
    var lattice: [Double] { get set }
}

extension Druse_SampledCrystal: WireCrystal {}
extension Druse_Item: WireCrystal {}

extension Crystal {
    /// Reads a crystal. Counts and indices are checked here; its numbers may be anything: ``Admission`` judges them.
    init(wire: some WireCrystal) throws(WireError) {
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
        self.init(spaceGroup: group, sites: sites, lattice: lattice)
    }

    /// Writes the crystal into a message.
    func write(to wire: inout some WireCrystal) {
        wire.spaceGroup = UInt32(spaceGroup.number)
        wire.wyckoff = sites.map { UInt32(clamping: $0.wyckoff) }
        wire.elements = sites.map { UInt32($0.element.atomicNumber) }
        wire.positions = sites.flatMap { [$0.position.x, $0.position.y, $0.position.z] }
        wire.lattice = [lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma]
    }
}

extension SampledCrystal {
    init(wire: Druse_SampledCrystal) throws(WireError) {
        self.init(
            id: try CrystalID(wire: wire.id), crystal: try Crystal(wire: wire), isTerminated: wire.terminated,
            logProbability: LogProbabilities(wire: wire.logProbability),
            referenceLogProbability: LogProbabilities(wire: wire.referenceLogProbability))
    }

    var wire: Druse_SampledCrystal {
        var wire = Druse_SampledCrystal()
        wire.id = id.wire
        crystal.write(to: &wire)
        wire.terminated = isTerminated
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

extension WorkItem {
    init(wire: Druse_Item) throws(WireError) {
        self.init(
            job: try WireError.number(wire.job, atMost: WireLimits.version, "job"), index: Int(wire.index),
            form: wire.hasAtoms
                ? .atoms(try Structure(wire: wire.atoms))
                : .crystal(try Crystal(wire: wire), isTerminated: wire.terminated))
    }

    var wire: Druse_Item {
        var wire = Druse_Item()
        wire.job = UInt64(job)
        wire.index = UInt32(clamping: index)
        switch form {
        case .crystal(let crystal, let isTerminated):
            crystal.write(to: &wire)
            wire.terminated = isTerminated
        case .atoms(let structure): wire.atoms = structure.wire
        }
        return wire
    }

    /// Reads a list of items of bounded length.
    static func list(wire: [Druse_Item]) throws(WireError) -> [WorkItem] {
        guard wire.count <= WireLimits.crystals else { throw .malformed("too many items") }
        var items: [WorkItem] = []
        items.reserveCapacity(wire.count)
        for item in wire { items.append(try WorkItem(wire: item)) }
        return items
    }
}
