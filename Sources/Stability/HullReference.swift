internal import Base
package import Crystals
package import Foundation
internal import Synchronization

/// The known materials that distances to the hull are measured against.
///
/// Immutable but for its cache; safe to use from any thread.
package final class HullReference: Sendable {
    /// How many chemical systems stay ready for the next question.
    static let defaultCachedSystems = 1024

    /// Where the entries come from: a file's name as a rule.
    package let name: String
    /// How many entries the source has; of each compound the lowest one is kept.
    package let sourceEntryCount: Int
    /// The elements of the entries in order of atomic number.
    package let elements: [Element]

    /// The elements with an energy of their own, in order of atomic number: compositions of these alone have a height.
    package let referencedElements: [Element]

    /// What the hull says of its energies, and what its entries say, by their corrections.
    private let stated: EnergyConvention?
    private let concluded: EnergyConvention?

    let table: EntryTable
    private let cache: ChemicalSystemCache
    private let knownDigest: Mutex<String?>

    /// - Parameters:
    ///   - stated: what the hull says of its energies.
    ///   - concluded: what its entries say, where it does not.
    init(
        name: String, table: EntryTable, sourceEntryCount: Int, digest: String? = nil,
        stated: EnergyConvention? = nil, concluded: EnergyConvention? = nil,
        cachedSystems: Int = HullReference.defaultCachedSystems
    ) {
        self.stated = stated
        self.concluded = concluded
        knownDigest = Mutex(digest)
        self.name = name
        self.table = table
        self.sourceEntryCount = sourceEntryCount
        elements = table.elements
        referencedElements = table.referencedElements
        cache = ChemicalSystemCache(capacity: cachedSystems)
    }

    /// Opens a reference file: JSON of the Alexandria layout (plain, gzip or bzip2), or a compact hull.
    ///
    /// Entries that come with corrections are taken to carry those of MP2020, as the dumps of Alexandria and of the
    /// Materials Project do.
    ///
    /// - Throws: `file`, `malformed`, `invalidEntry`, `noEntries`; `damagedCompactHull`, `unsupportedCompactHull`.
    package static func open(_ url: URL) throws(HullError) -> HullReference {
        if CompactHull.isCompactHull(url) { return try CompactHull.read(url) }
        let builder = try AlexandriaReader.read(url)
        return HullReference(
            name: url.lastPathComponent, table: builder.table(), sourceEntryCount: builder.entryCount,
            concluded: builder.correctedCount > 0 ? .mp2020Corrected : nil)
    }

    /// The hull that comes with the product: 146,277 compounds of 76 elements, CHGNet 0.3.0 energies.
    package static func embedded() throws(HullError) -> HullReference {
        guard let url = Bundle.module.url(forResource: "chgnet-hull", withExtension: "hull", subdirectory: "Resources")
        else {
            throw .file(.unreadable(path: "chgnet-hull.hull", reason: "the product's resources are not beside it"))
        }
        return try CompactHull.read(url)
    }

    /// - Throws: `energyNotFinite`, `invalidComposition`.
    package convenience init(
        name: String, entries: some Sequence<ComputedEntry>, cachedSystems: Int = HullReference.defaultCachedSystems
    ) throws(HullError) {
        var builder = EntryTableBuilder()
        for entry in entries {
            let count = entry.composition.atomCount
            guard count > 0, count.isFinite else { throw .invalidComposition }
            guard entry.energyPerAtom.isFinite else { throw .energyNotFinite(id: entry.id) }
            let members = entry.composition.elements.map { ($0, entry.composition.amounts[$0] ?? 0) }
            builder.add(members: members, energy: entry.energy + entry.correction, id: entry.id)
        }
        self.init(
            name: name, table: builder.table(), sourceEntryCount: builder.entryCount, cachedSystems: cachedSystems)
    }

    /// SHA-256 of the entries (compositions, energies, names), hexadecimal: the same for the same entries in any order
    /// and any file format, so that two references with one digest give the same distances.
    ///
    /// - Complexity: computed when first asked for, in O(n log n) of the entries.
    package var digest: String {
        knownDigest.withLock { known in
            let digest = known ?? computedDigest
            known = digest
            return digest
        }
    }

    /// Whether it is the hull that comes with the product, wherever it was read from.
    package var isEmbedded: Bool { digest == CompactHull.embeddedDigest }

    /// What kind of energies the entries have; nil if nothing tells.
    package var convention: EnergyConvention? { statedConvention ?? concluded }

    /// The same where the hull itself says so, and it is not concluded from corrections of its entries.
    package var statedConvention: EnergyConvention? { stated ?? (isEmbedded ? .mp2020Corrected : nil) }

    /// For messages.
    package var label: String { isEmbedded ? "the embedded hull" : "the hull \(name)" }

    /// The digest from the entries themselves.
    package var computedDigest: String { table.digest }

    /// How many compounds, elements included, the reference has.
    package var compoundCount: Int { table.energies.count }

    /// How many compounds, elements included, are made of some elements and no others. Of each compound one entry is
    /// kept, so that polymorphs do not count.
    ///
    /// - Complexity: O(2ⁿ) look-ups for n elements, at most one for each system of the reference.
    package func entryCount(within elements: some Sequence<Element>) -> Int {
        table.recordCount(within: ElementSet(elements))
    }

    /// Compounds of some elements and more, evenly spread over the reference in its order.
    package func entries(ofAtLeast elementCount: Int, spread count: Int) -> [ComputedEntry] {
        let all = table.systems.filter { $0.elements.count >= elementCount }.flatMap { table.entries(of: $0) }
        let step = max(1, all.count / max(1, count))
        return stride(from: 0, to: all.count, by: step).prefix(count).map { all[$0] }
    }

    /// How many chemical systems are ready for the next question.
    package var cachedSystemCount: Int { cache.count }

    /// The hull of a chemical system, from a cache where it was asked for before.
    ///
    /// - Throws: `missingReference` for the first element, by atomic number, that has no elemental entry.
    package func phaseDiagram(of elements: some Sequence<Element>) throws(HullError) -> PhaseDiagram {
        let system = ElementSet(elements)
        return try cache.diagram(of: system) { () throws(HullError) in
            let entries = table.entries(within: system)
            var referenced = ElementSet()
            for entry in entries where entry.composition.amounts.count == 1 {
                for element in entry.composition.amounts.keys { referenced.insert(element) }
            }
            for element in system.elements where !ElementSet([element]).isSubset(of: referenced) {
                throw .missingReference(element)
            }
            return try PhaseDiagram(entries: entries)
        }
    }

    /// The lowest entry of a compound, whatever the number of formula units; nil for one that is not known.
    package func lowestEntry(of composition: Composition) -> ComputedEntry? {
        guard composition.atomCount > 0, composition.atomCount.isFinite else { return nil }
        return table.lowestEntry(of: ReducedComposition(composition))
    }

    /// The energy above the hull, eV/atom; negative for a material below it.
    ///
    /// - Parameter energyPerAtom: eV/atom, corrected in the way of the reference.
    /// - Throws: `missingReference`, `invalidComposition`, `energyNotFinite`.
    package func energyAboveHull(of composition: Composition, energyPerAtom: Double) throws(HullError) -> Double {
        guard !composition.amounts.isEmpty else { throw .invalidComposition }
        return try phaseDiagram(of: composition.amounts.keys)
            .energyAboveHull(of: composition, energyPerAtom: energyPerAtom)
    }

    /// The stable mixture at a composition.
    package func decomposition(of composition: Composition) throws(HullError) -> Decomposition {
        guard !composition.amounts.isEmpty else { throw .invalidComposition }
        return try phaseDiagram(of: composition.amounts.keys).decomposition(of: composition)
    }

    /// The stable mixture of other compositions at a composition (``PhaseDiagram/decompositionWithoutItself(of:)``).
    package func decompositionWithoutItself(of composition: Composition) throws(HullError) -> Decomposition {
        guard !composition.amounts.isEmpty else { throw .invalidComposition }
        return try phaseDiagram(of: composition.amounts.keys).decompositionWithoutItself(of: composition)
    }
}
