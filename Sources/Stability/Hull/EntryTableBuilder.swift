import Crystals

/// Gathers entries in any order and keeps the lowest of each compound.
struct EntryTableBuilder {
    private struct Record {
        var amounts: [Double]
        var energy: Double
        var energyPerAtom: Double
        var identifier: EntryIdentifier
    }

    /// How many entries were given, the ones not kept included.
    private(set) var entryCount = 0
    /// How many of them came with a correction that was added.
    var correctedCount = 0
    /// How many entries could not be used, by ``EntryRefusal/kind``.
    private(set) var refusals: [String: Int] = [:]

    /// How many they are together.
    var refusalCount: Int { refusals.values.reduce(0, +) }

    private var records: [Record] = []
    private var recordsOfSystem: [ElementSet: [Int]] = [:]
    private var recordOfCompound: [ReducedComposition: Int] = [:]
    private var prefixes: [String] = []
    private var prefixIndex: [String: Int] = [:]

    init() {}

    /// Goes on from a table.
    ///
    /// - Parameter entryCount: how many entries it was made of.
    init(_ table: EntryTable, entryCount: Int, correctedCount: Int = 0, refusals: [String: Int] = [:]) {
        records.reserveCapacity(table.energies.count)
        recordOfCompound.reserveCapacity(table.energies.count)
        for system in table.systems {
            let members = system.elements.elements
            var next = system.firstAmount
            for record in system.records {
                let amounts = Array(table.amounts[next..<next + members.count])
                next += members.count
                insert(
                    Record(
                        amounts: amounts, energy: table.energies[record],
                        energyPerAtom: table.energies[record] / amounts.reduce(0, +),
                        identifier: table.identifiers[record]),
                    of: system.elements, ReducedComposition(elements: system.elements, amounts: amounts))
            }
        }
        prefixes = table.prefixes
        for (index, prefix) in prefixes.enumerated() { prefixIndex[prefix] = index }
        self.entryCount = entryCount
        self.correctedCount = correctedCount
        self.refusals = refusals
    }

    /// Counts an entry that cannot be used.
    mutating func refuse(_ reason: EntryRefusal) { refusals[reason.kind, default: 0] += 1 }

    /// - Parameters:
    ///   - members: at least one element and its amount, in order of atomic number; amounts positive and finite.
    ///   - energy: corrected, eV for the amounts given; finite.
    mutating func add(members: [(element: Element, amount: Double)], energy: Double, id: String) {
        entryCount += 1
        let elements = ElementSet(members.lazy.map(\.element))
        let amounts = members.map(\.amount)
        let energyPerAtom = energy / amounts.reduce(0, +)
        let compound = ReducedComposition(elements: elements, amounts: amounts)
        if let known = recordOfCompound[compound] {
            // Of equal energies the first in the file stays.
            guard energyPerAtom < records[known].energyPerAtom else { return }
            records[known] = Record(
                amounts: amounts, energy: energy, energyPerAtom: energyPerAtom, identifier: identifier(of: id))
        } else {
            insert(
                Record(amounts: amounts, energy: energy, energyPerAtom: energyPerAtom, identifier: identifier(of: id)),
                of: elements, compound)
        }
    }

    private mutating func insert(_ record: Record, of elements: ElementSet, _ compound: ReducedComposition) {
        recordOfCompound[compound] = records.count
        recordsOfSystem[elements, default: []].append(records.count)
        records.append(record)
    }

    func table() -> EntryTable {
        var table = EntryTable(
            prefixes: prefixes, expectedSystems: recordsOfSystem.count, expectedRecords: records.count)
        for (elements, members) in recordsOfSystem.sorted(by: { $0.key < $1.key }) {
            guard table.append(system: elements, recordCount: members.count) else { continue }
            for member in members {
                for amount in records[member].amounts { table.append(amount: amount) }
                table.append(energy: records[member].energy, identifier: records[member].identifier)
            }
        }
        return table
    }

    private mutating func identifier(of id: String) -> EntryIdentifier {
        let (prefix, digits, number) = EntryIdentifier.split(id)
        let index = prefixIndex[prefix] ?? prefixes.count
        if index == prefixes.count {
            prefixes.append(prefix)
            prefixIndex[prefix] = index
        }
        return EntryIdentifier(prefix: index, digits: digits, number: number)
    }
}
