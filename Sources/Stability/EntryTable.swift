import Crystals

/// The lowest entry of every compound of a reference, grouped by chemical system, in flat arrays.
///
/// Entries above the lowest one of the same reduced composition can lie on no hull, so none is kept.
struct EntryTable: Sendable {
    /// The entries of one set of elements: exactly these, no fewer.
    struct System: Sendable {
        let elements: ElementSet
        let records: Range<Int>
        /// Where the amounts of the first record begin; `elements.count` a record.
        let firstAmount: Int
    }

    private(set) var systems: [System] = []
    /// `[records]`: eV for the amounts given, corrected.
    private(set) var energies: [Double] = []
    /// In order of atomic number, record after record.
    private(set) var amounts: [Double] = []
    private(set) var identifiers: [EntryIdentifier] = []
    private(set) var prefixes: [String] = []
    /// Where each system is; empty as long as they are in ascending order, in which they are found by halving.
    private var systemIndex: [ElementSet: Int] = [:]

    /// An empty table; `expected*` are hints for the memory to set aside.
    init(prefixes: [String], expectedSystems: Int, expectedRecords: Int) {
        self.prefixes = prefixes
        systems.reserveCapacity(expectedSystems)
        energies.reserveCapacity(expectedRecords)
        identifiers.reserveCapacity(expectedRecords)
        amounts.reserveCapacity(3 * expectedRecords)
    }

    /// Opens a system, to which the records that follow belong; false if it is there already.
    mutating func append(system elements: ElementSet, recordCount: Int) -> Bool {
        if !systemIndex.isEmpty || systems.last.map({ !($0.elements < elements) }) ?? false {
            if systemIndex.isEmpty {
                for (index, system) in systems.enumerated() { systemIndex[system.elements] = index }
            }
            guard systemIndex.updateValue(systems.count, forKey: elements) == nil else { return false }
        }
        let records = energies.count..<energies.count + recordCount
        systems.append(System(elements: elements, records: records, firstAmount: amounts.count))
        return true
    }

    mutating func append(amount: Double) { amounts.append(amount) }

    mutating func append(energy: Double, identifier: EntryIdentifier) {
        energies.append(energy)
        identifiers.append(identifier)
    }

    /// The elements of all entries.
    var elements: [Element] {
        var all = ElementSet()
        for system in systems { all.formUnion(system.elements) }
        return all.elements
    }

    /// The elements that have an entry of their own.
    var referencedElements: [Element] {
        var referenced = ElementSet()
        for system in systems where system.elements.count == 1 && !system.records.isEmpty {
            referenced.formUnion(system.elements)
        }
        return referenced.elements
    }

    /// The entries whose elements are all among those given.
    func entries(within elements: ElementSet) -> [ComputedEntry] {
        var found: [ComputedEntry] = []
        forEachSystem(within: elements) { found += entries(of: $0) }
        return found
    }

    /// How many entries have all of their elements among those given.
    func recordCount(within elements: ElementSet) -> Int {
        var count = 0
        forEachSystem(within: elements) { count += $0.records.count }
        return count
    }

    private func forEachSystem(within elements: ElementSet, _ body: (System) -> Void) {
        let members = elements.elements
        // Looking every subset up is quicker than looking through all systems, unless there are very many.
        let subsetCount = members.count < 30 ? 1 << members.count : Int.max
        guard subsetCount < systems.count else {
            for system in systems where system.elements.isSubset(of: elements) { body(system) }
            return
        }
        for mask in 1..<max(subsetCount, 2) {
            var subset = ElementSet()
            for (bit, member) in members.enumerated() where mask >> bit & 1 == 1 { subset.insert(member) }
            if let index = index(of: subset) { body(systems[index]) }
        }
    }

    private func index(of system: ElementSet) -> Int? {
        guard systemIndex.isEmpty else { return systemIndex[system] }
        var (low, high) = (0, systems.count)
        while low < high {
            let middle = (low + high) / 2
            if systems[middle].elements < system { low = middle + 1 } else { high = middle }
        }
        return low < systems.count && systems[low].elements == system ? low : nil
    }

    /// The entry of a compound; nil if there is none.
    func lowestEntry(of compound: ReducedComposition) -> ComputedEntry? {
        guard let index = index(of: compound.elements) else { return nil }
        return entries(of: systems[index]).first { ReducedComposition($0.composition) == compound }
    }

    /// The entries of one system.
    func entries(of system: System) -> [ComputedEntry] {
        let members = system.elements.elements
        var nextAmount = system.firstAmount
        return system.records.map { record in
            var amounts: [Element: Double] = [:]
            amounts.reserveCapacity(members.count)
            for element in members {
                amounts[element] = self.amounts[nextAmount]
                nextAmount += 1
            }
            return ComputedEntry(
                id: identifiers[record].text(prefixes: prefixes), composition: Composition(amounts),
                energy: energies[record])
        }
    }
}

/// An entry's name, split for storage into a prefix that many share and a number.
struct EntryIdentifier: Sendable, Hashable {
    /// The most digits that are kept as a number.
    static let maximumDigits = 18

    /// Index in the table of prefixes.
    var prefix: Int
    /// How many digits, leading zeros included, follow the prefix; 0 for none.
    var digits: Int
    var number: UInt64

    func text(prefixes: [String]) -> String {
        guard digits > 0 else { return prefixes[prefix] }
        let decimals = String(number)
        return prefixes[prefix] + String(repeating: "0", count: max(0, digits - decimals.count)) + decimals
    }

    /// The prefix, the number and the count of digits of a name.
    static func split(_ text: String) -> (prefix: String, digits: Int, number: UInt64) {
        let bytes = Array(text.utf8)
        var digits = 0
        while digits < maximumDigits, digits < bytes.count {
            let byte = bytes[bytes.count - 1 - digits]
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { break }
            digits += 1
        }
        let number = bytes.suffix(digits).reduce(UInt64(0)) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
        return (String(decoding: bytes.dropLast(digits), as: UTF8.self), digits, number)
    }
}
