internal import Crystals
package import Protocol
package import Trajectories

/// Crystals for an engine child to evaluate, and by which settings.
///
/// Both ends are one program on one machine, and a crystal may take less than a millisecond: so it is plain numbers in
/// the machine's order, and only what scoring asks for; log-probabilities stay behind.
package struct EngineRequest: Sendable {
    /// Unique among the requests of one engine process; never 0.
    package var id: UInt64
    package var settings: String
    /// The crystals, encoded.
    private var content: [UInt8]

    package init(id: UInt64, settings: String, crystals: [SampledCrystal]) {
        self.id = id
        self.settings = settings
        content = []
        content.reserveCapacity(512 * crystals.count)
        for crystal in crystals { content.append(crystal) }
    }

    /// Reads a request; nil for what is none. The crystals are decoded later, by ``crystals()``.
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

    /// - Throws: ``WireError`` for bytes that are no crystals.
    package func crystals() throws(WireError) -> [SampledCrystal] {
        var reader = EngineReader(bytes: content)
        var crystals: [SampledCrystal] = []
        while !reader.rest.isEmpty {
            guard let crystal = reader.readCrystal() else { throw .malformed("a crystal for the engine") }
            crystals.append(crystal)
        }
        return crystals
    }
}

extension [UInt8] {
    fileprivate mutating func append<Value: BitwiseCopyable>(value: Value) {
        Swift.withUnsafeBytes(of: value) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ sampled: SampledCrystal) {
        for number in [sampled.id.version, sampled.id.unit, sampled.id.index] { append(value: Int64(number)) }
        append(value: Int32(sampled.crystal.spaceGroup.number))
        append(value: Int32(sampled.terminated ? 1 : 0))
        append(value: Int32(sampled.crystal.sites.count))
        let lattice = sampled.crystal.lattice
        append(value: (lattice.a, lattice.b, lattice.c, lattice.alpha, lattice.beta, lattice.gamma))
        for site in sampled.crystal.sites {
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

    mutating func readCrystal() -> SampledCrystal? {
        guard let version = read(Int64.self), let unit = read(Int64.self), let index = read(Int64.self),
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
        let none = LogProbabilities(w: 0, a: 0, xyz: 0, l: 0)
        return SampledCrystal(
            id: CrystalID(version: Int(version), unit: Int(unit), index: Int(index)),
            crystal: Crystal(
                spaceGroup: group, sites: sites,
                lattice: LatticeParameters(
                    a: lattice.0, b: lattice.1, c: lattice.2, alpha: lattice.3, beta: lattice.4, gamma: lattice.5)),
            terminated: terminated != 0, logProbability: none, referenceLogProbability: none)
    }
}
