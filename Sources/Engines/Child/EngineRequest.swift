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

    /// Reads a request; nil for what is none. The items are decoded later, by ``items()``.
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
        append(value: Int32(item.crystal.spaceGroup.number))
        append(value: Int32(item.isTerminated ? 1 : 0))
        append(value: Int32(item.crystal.sites.count))
        let lattice = item.crystal.lattice
        append(value: (lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma))
        for site in item.crystal.sites {
            append(value: (Int32(clamping: site.wyckoff), Int32(site.element.atomicNumber)))
            append(value: (site.position.x, site.position.y, site.position.z))
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
        guard let job = read(Int64.self), let index = read(Int64.self),
            let number = read(Int32.self), let group = SpaceGroup(number: Int(number)),
            let terminated = read(Int32.self), let siteCount = read(Int32.self),
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
        return WorkItem(
            job: Int(job), index: Int(index),
            crystal: Crystal(
                spaceGroup: group, sites: sites,
                lattice: LatticeParameters(
                    a: lattice.0, b: lattice.1, c: lattice.2, alpha: lattice.3, beta: lattice.4, gamma: lattice.5)),
            isTerminated: terminated != 0)
    }
}
