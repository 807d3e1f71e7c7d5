internal import Crystals
package import Protocol
package import Trajectories

/// Crystals for an engine child to evaluate, and by which settings.
///
/// Both ends are one program on one machine, and a crystal may take less than a millisecond: so it is plain numbers in
/// the machine's order.
package struct EngineRequest: Sendable {
    /// Unique among the requests of one engine process; never 0.
    package var id: UInt64
    package var settings: String
    /// The crystals, encoded.
    private var content: [UInt8]

    package init(id: UInt64, settings: String, items: [WorkItem]) {
        self.id = id
        self.settings = settings
        content = []
        content.reserveCapacity(512 * items.count)
        for item in items { content.append(item) }
    }

    /// Reads a request; nil for what is none. The items are decoded later, by `items()`.
    package init?(_ frame: [UInt8]) {
        var reader = EngineReader(bytes: frame)
        guard let id = reader.read(UInt64.self), let length = reader.read(UInt32.self),
            let text = reader.read(count: Int(length))
        else { return nil }
        self.id = id
        settings = String(decoding: text, as: UTF8.self)
        content = Array(reader.rest)
    }

    /// The bytes on the socket; ``init(_:)`` reads them back.
    package var frame: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(value: id)
        bytes.append(value: UInt32(settings.utf8.count))
        return bytes + Array(settings.utf8) + content
    }

    /// - Throws: ``WireError`` for bytes that are not crystals.
    package func items() throws(WireError) -> [WorkItem] {
        var reader = EngineReader(bytes: content)
        var items: [WorkItem] = []
        while !reader.rest.isEmpty {
            guard let item = reader.readItem() else { throw .malformed("a crystal for the engine") }
            items.append(item)
        }
        return items
    }
}

extension [UInt8] {
    fileprivate mutating func append<Value: BitwiseCopyable>(value: Value) {
        Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ item: WorkItem) {
        for number in [item.job, item.index] { append(value: Int64(number)) }
        switch item.form {
        case .crystal(let crystal, let isTerminated): append(crystal, isTerminated)
        case .atoms(let structure): append(structure)
        }
    }

    private mutating func append(_ crystal: Crystal, _ isTerminated: Bool) {
        append(value: Int32(crystal.spaceGroup.number))
        append(value: Int32(isTerminated ? 1 : 0))
        append(value: Int32(crystal.sites.count))
        let lattice = crystal.lattice
        append(value: (lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma))
        for site in crystal.sites {
            append(value: (Int32(clamping: site.wyckoff), Int32(site.element.atomicNumber)))
            append(value: (site.position.x, site.position.y, site.position.z))
        }
    }

    /// Space group 0 tells atoms without sites.
    private mutating func append(_ structure: Structure) {
        append(value: Int32(0))
        append(value: Int32(structure.orbits == nil ? 0 : 1))
        append(value: Int32(structure.atomCount))
        for vector in [structure.cell.a, structure.cell.b, structure.cell.c] {
            append(value: (vector.x, vector.y, vector.z))
        }
        for atom in structure.elements.indices {
            let position = structure.fractionalCoordinates[atom]
            append(
                value: (Int32(structure.elements[atom].atomicNumber), Int32(clamping: structure.orbits?[atom] ?? 0)))
            append(value: (position.x, position.y, position.z))
        }
    }
}

/// Takes numbers from bytes; nil beyond their end.
private struct EngineReader {
    private let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func read(count: Int) -> ArraySlice<UInt8>? {
        guard count <= bytes.count - position else { return nil }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func read<Value: BitwiseCopyable>(_ type: Value.Type) -> Value? {
        let size = MemoryLayout<Value>.size
        guard size <= bytes.count - position else { return nil }
        defer { position += size }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: type) }
    }

    mutating func readItem() -> WorkItem? {
        guard let job = read(Int64.self), let index = read(Int64.self), let number = read(Int32.self),
            let form = number == 0 ? readAtoms() : readCrystal(group: number)
        else { return nil }
        return WorkItem(job: Int(job), index: Int(index), form: form)
    }

    private mutating func readVector() -> SIMD3<Double>? {
        read((Double, Double, Double).self).map { SIMD3($0.0, $0.1, $0.2) }
    }

    private mutating func readAtoms() -> WorkItem.Form? {
        guard let hasOrbits = read(Int32.self), let count = read(Int32.self), let a = readVector(),
            let b = readVector(), let c = readVector()
        else { return nil }
        var (elements, positions, orbits): ([Element], [SIMD3<Double>], [Int]) = ([], [], [])
        for _ in 0..<max(0, count) {
            guard let (number, orbit) = read((Int32, Int32).self), let position = readVector(),
                let element = Element(atomicNumber: Int(number))
            else { return nil }
            elements.append(element)
            positions.append(position)
            orbits.append(Int(orbit))
        }
        return .atoms(
            Structure(
                cell: Cell(a: a, b: b, c: c), elements: elements, fractionalCoordinates: positions,
                orbits: hasOrbits == 0 ? nil : orbits))
    }

    private mutating func readCrystal(group number: Int32) -> WorkItem.Form? {
        guard let group = SpaceGroup(number: Int(number)), let terminated = read(Int32.self),
            let siteCount = read(Int32.self),
            let lattice = read((Double, Double, Double, Double, Double, Double).self)
        else { return nil }
        var sites: [Crystal.Site] = []
        for _ in 0..<max(0, siteCount) {
            guard let (wyckoff, atomicNumber) = read((Int32, Int32).self),
                let (x, y, z) = read((Double, Double, Double).self),
                let element = Element(atomicNumber: Int(atomicNumber))
            else { return nil }
            sites.append(Crystal.Site(wyckoff: Int(wyckoff), element: element, position: SIMD3(x, y, z)))
        }
        let crystal = Crystal(
            spaceGroup: group, sites: sites,
            lattice: LatticeParameters(
                a: lattice.0, b: lattice.1, c: lattice.2, alpha: lattice.3, beta: lattice.4, gamma: lattice.5))
        return .crystal(crystal, isTerminated: terminated != 0)
    }
}
