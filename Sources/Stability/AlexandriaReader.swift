import Base
import Crystals
import Foundation
import StructureFiles

/// Reads `{"entries": [{"composition": {...}, "energy": ..., "correction": ..., "entry_id": ...}, ...]}` (or `data`), a
/// bare list of such entries, or one entry a line.
///
/// The energy of an entry is `energy` with its `energy_adjustments` (else its `correction`), both eV for the
/// composition, or `energy_per_atom` as it stands. Charges in compositions ("Fe2+") are dropped. Everything else in the
/// file and in an entry (`structure`, `data`, `@module`, ...) is skipped. A missing `entry_id` becomes `entry-` and the
/// index.
struct AlexandriaReader {
    private let path: String
    private var scanner: JSONScanner
    private var builder = EntryTableBuilder()

    /// Reads a file, plain, gzip or bzip2.
    ///
    /// - Returns: the lowest entry of each compound, and how many entries the file has.
    static func read(_ url: URL) throws(HullError) -> (table: EntryTable, entryCount: Int) {
        let reader: CompressedFileReader
        do throws(CompressedFileError) { reader = try CompressedFileReader(url) } catch { throw .file(error) }
        var parser = AlexandriaReader(
            path: url.path, scanner: JSONScanner(source: { () throws(CompressedFileError) in try reader.nextChunk() }))
        do throws(JSONScanError) {
            try parser.readDocument()
        } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .unexpected(let offset, let reason):
                let index = parser.entryIndex.map { "entry \($0): " } ?? ""
                throw .malformed(path: url.path, offset: offset, reason: index + reason)
            }
        }
        if let (index, reason) = parser.invalidEntry {
            throw .invalidEntry(path: url.path, index: index, reason: reason)
        }
        guard parser.builder.entryCount > 0 else { throw .noEntries(path: url.path) }
        return (parser.builder.table(), parser.builder.entryCount)
    }

    /// The entry being read.
    private var entryIndex: Int?
    /// The first entry that could not be used; reading stops there.
    private var invalidEntry: (index: Int, reason: String)?

    private init(path: String, scanner: JSONScanner) {
        self.path = path
        self.scanner = scanner
    }

    private mutating func readDocument() throws(JSONScanError) {
        try scanner.skipByteOrderMark()
        if try scanner.next() == UInt8(ascii: "[") {
            try readEntries()
        } else {
            try readObjects()
        }
        guard invalidEntry == nil else { return }
        guard try scanner.next() == nil else { throw try scanner.unexpected("the end of the text") }
    }

    /// Reads an object with `entries`, or entries one after the other.
    private mutating func readObjects() throws(JSONScanError) {
        guard try scanner.next() == UInt8(ascii: "{") else { throw try scanner.unexpected("'{' or '['") }
        var index = 0
        while invalidEntry == nil, try scanner.next() == UInt8(ascii: "{") {
            var entry = Entry()
            try scanner.expect("{")
            var isFirst = true
            while try scanner.takeMember(isFirst: &isFirst, end: "}") {
                let key = try scanner.takeKey()
                let isList = try scanner.next() == UInt8(ascii: "[")
                if key == "entries" || key == "data" && isList && !entry.isAny {
                    try readEntries()
                    if invalidEntry != nil { return }
                } else {
                    try read(key, into: &entry)
                }
            }
            // An object without any of it is what stands around "entries".
            if entry.isAny {
                note(entry, index)
                index += 1
            }
        }
    }

    private mutating func readEntries() throws(JSONScanError) {
        try scanner.expect("[")
        var isFirst = true
        var index = 0
        while try scanner.takeMember(isFirst: &isFirst, end: "]") {
            entryIndex = index
            var entry = Entry()
            try scanner.expect("{")
            var isFirstMember = true
            while try scanner.takeMember(isFirst: &isFirstMember, end: "}") {
                try read(try scanner.takeKey(), into: &entry)
            }
            note(entry, index)
            if invalidEntry != nil { return }
            index += 1
        }
        entryIndex = nil
    }

    /// What is known of the entry being read.
    private struct Entry {
        var members: [(element: Element, amount: Double)]?
        var energy: Double?
        var energyPerAtom: Double?
        var correction: Double?
        var adjustments: [EnergyAdjustment] = []
        var id: String?
        /// What is wrong with it, nil if nothing.
        var reason: String?

        var isAny: Bool { members != nil || energy != nil || energyPerAtom != nil || reason != nil }
    }

    private mutating func read(_ key: String, into entry: inout Entry) throws(JSONScanError) {
        switch key {
        case "composition":
            guard try !scanner.takeNull() else { return }
            switch try readComposition() {
            case .success(let read): entry.members = read
            case .failure(let problem): entry.reason = entry.reason ?? problem.reason
            }
        case "energy": entry.energy = try scanner.takeNull() ? nil : try scanner.takeNumber()
        case "energy_per_atom": entry.energyPerAtom = try scanner.takeNull() ? nil : try scanner.takeNumber()
        case "correction": entry.correction = try scanner.takeNull() ? nil : try scanner.takeNumber()
        case "energy_adjustments" where try scanner.next() == UInt8(ascii: "["):
            entry.adjustments = try readAdjustments()
        case "entry_id": entry.id = try readIdentifier()
        default: try scanner.skipValue()
        }
    }

    /// Takes the entry, or keeps what is wrong with it.
    private mutating func note(_ entry: Entry, _ index: Int) {
        do throws(Problem) {
            if let reason = entry.reason { throw Problem(reason: reason) }
            guard let members = entry.members else { throw Problem(reason: "has no composition") }
            let energy = try energy(of: entry, atoms: members.reduce(0) { $0 + $1.amount })
            guard energy.isFinite else {
                throw Problem(reason: "its energy or correction is not a finite number")
            }
            builder.add(members: members, energy: energy, id: entry.id ?? "entry-\(index)")
        } catch {
            invalidEntry = (index, error.reason)
        }
    }

    /// eV for the composition, corrected.
    private func energy(of entry: Entry, atoms: Double) throws(Problem) -> Double {
        guard let energy = entry.energy else {
            guard let perAtom = entry.energyPerAtom else { throw Problem(reason: "has no energy") }
            return perAtom * atoms
        }
        let corrected: Double
        do throws(EnergyCorrection.Problem) {
            corrected =
                energy + (try EnergyCorrection.total(correction: entry.correction, adjustments: entry.adjustments))
        } catch {
            throw Problem(reason: error.reason)
        }
        if let perAtom = entry.energyPerAtom, (perAtom - corrected / atoms).magnitude > StatedEnergy.agreement,
            (perAtom - energy / atoms).magnitude > StatedEnergy.agreement
        {
            throw Problem(
                reason: "its energy is \(corrected / atoms) eV/atom, but \"energy_per_atom\" says \(perAtom)")
        }
        return corrected
    }

    private mutating func readAdjustments() throws(JSONScanError) -> [EnergyAdjustment] {
        var adjustments: [EnergyAdjustment] = []
        try scanner.expect("[")
        var isFirst = true
        while try scanner.takeMember(isFirst: &isFirst, end: "]") {
            var adjustment = EnergyAdjustment()
            guard try scanner.next() == UInt8(ascii: "{") else {
                try scanner.skipValue()
                adjustments.append(adjustment)
                continue
            }
            try scanner.expect("{")
            var isFirstMember = true
            while try scanner.takeMember(isFirst: &isFirstMember, end: "}") {
                let key = try scanner.takeKey()
                if EnergyAdjustment.keys.contains(key), let next = try scanner.next(), JSONScanner.startsNumber(next) {
                    adjustment[key] = try scanner.takeNumber()
                } else {
                    try scanner.skipValue()
                }
            }
            adjustments.append(adjustment)
        }
        return adjustments
    }

    private struct Problem: Error { let reason: String }

    private mutating func readComposition() throws(JSONScanError) -> Result<
        [(element: Element, amount: Double)], Problem
    > {
        var members: [(element: Element, amount: Double)] = []
        try scanner.expect("{")
        var isFirst = true
        while try scanner.takeMember(isFirst: &isFirst, end: "}") {
            let symbol = try scanner.takeKey()
            if symbol.hasPrefix("@") {
                try scanner.skipValue()
                continue
            }
            let amount = try scanner.takeNumber()
            guard let element = Element(species: symbol) else {
                return .failure(Problem(reason: "'\(symbol)' is not an element"))
            }
            guard amount.isFinite, amount >= 0 else {
                return .failure(Problem(reason: "the amount of \(symbol) is not a finite number of at least 0"))
            }
            guard amount > 0 else { continue }
            if let known = members.firstIndex(where: { $0.element == element }) {
                members[known].amount += amount  // D and H, or ions of two charges
            } else {
                members.append((element, amount))
            }
        }
        guard !members.isEmpty else { return .failure(Problem(reason: "its composition has no atoms")) }
        return .success(members.sorted { $0.element < $1.element })
    }

    private mutating func readIdentifier() throws(JSONScanError) -> String? {
        if try scanner.takeNull() { return nil }
        if try scanner.next() == UInt8(ascii: "\"") { return try scanner.takeString() }
        let number = try scanner.takeNumber()
        return Int(exactly: number).map(String.init) ?? String(number)
    }
}
