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

    private var records: [Record] = []
    private var recordsOfSystem: [ElementSet: [Int]] = [:]
    private var recordOfCompound: [ReducedComposition: Int] = [:]
    private var prefixes: [String] = []
    private var prefixIndex: [String: Int] = [:]

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
            recordOfCompound[compound] = records.count
            recordsOfSystem[elements, default: []].append(records.count)
            records.append(
                Record(
                    amounts: amounts, energy: energy, energyPerAtom: energyPerAtom, identifier: identifier(of: id)))
        }
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
