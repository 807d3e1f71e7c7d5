import Base
import Crystals
import Foundation
import StructureFiles

/// Reads `{"entries": [{"composition": {...}, "energy": ..., "correction": ..., "entry_id": ...}, ...]}` (or `data`), a
/// bare list of such entries, or one entry a line: the dumps of Alexandria and of the Materials Project.
///
/// The energy of an entry is `energy` with its `energy_adjustments` (else its `correction`), both eV for the
/// composition, or `energy_per_atom` as it stands. Charges in compositions ("Fe2+") are dropped. A missing `entry_id`
/// is that of `data` (`mat_id`, `material_id`), else `entry-` and the index; a missing composition is counted from
/// `structure`. Everything else in the file and in an entry (`parameters`, `@module`, ...) is skipped.
struct AlexandriaReader {
    /// Where a reader stands between two entries, so that another can go on there.
    struct Place: Codable, Sendable, Hashable {
        /// In unpacked bytes.
        var offset = 0
        /// Entries before it.
        var entryCount = 0
        /// Whether the entries are in a list, and whether that is a member of an object.
        var isInList = false
        var isInObject = false
    }

    /// What is made of entries.
    struct Rules: Sendable {
        /// Whether energies are taken without their corrections.
        var ignoresCorrections = false
        /// Whether entries that cannot be used are counted; else the first one ends the reading.
        var countsRefusals = false
    }

    private let path: String
    private let rules: Rules
    private var scanner: JSONScanner
    /// What is read goes here.
    private(set) var builder: EntryTableBuilder
    private(set) var place: Place
    private let pause: (inout AlexandriaReader) throws(HullError) -> Void

    /// Reads a whole file, plain, gzip or bzip2.
    ///
    /// - Returns: the lowest entry of each compound, and how many entries the file has.
    static func read(_ url: URL) throws(HullError) -> EntryTableBuilder {
        let reader: CompressedFileReader
        do throws(CompressedFileError) { reader = try CompressedFileReader(url) } catch { throw .file(error) }
        var parser = AlexandriaReader(
            path: url.path, source: { () throws(CompressedFileError) in try reader.nextChunk() })
        try parser.read()
        guard parser.builder.entryCount > 0 else { throw .noEntries(path: url.path) }
        return parser.builder
    }

    /// - Parameters:
    ///   - source: the text from `place.offset` on, piece by piece; nil at its end.
    ///   - pause: called after each entry.
    init(
        path: String, rules: Rules = Rules(), from place: Place = Place(), into builder: EntryTableBuilder = .init(),
        source: @escaping () throws(CompressedFileError) -> [UInt8]?,
        pause: @escaping (inout AlexandriaReader) throws(HullError) -> Void = { _ in }
    ) {
        self.path = path
        self.rules = rules
        self.place = place
        self.builder = builder
        self.pause = pause
        scanner = JSONScanner(source: source, offset: place.offset)
    }

    /// Reads to the end.
    mutating func read() throws(HullError) {
        do throws(JSONScanError) {
            try readDocument()
        } catch {
            switch error {
            case .file(let error): throw .file(error)
            case .stopped: break
            case .unexpected(let offset, let reason):
                let index = place.isInList ? "entry \(place.entryCount): " : ""
                throw .malformed(path: path, offset: offset, reason: index + reason)
            }
        }
        if let problem { throw problem }
    }

    /// What was read, which then is no longer here.
    mutating func takeBuilder() -> EntryTableBuilder {
        defer { builder = EntryTableBuilder() }
        return builder
    }

    /// Why reading stopped before the end.
    private var problem: HullError?

    private mutating func readDocument() throws(JSONScanError) {
        if place.offset == 0 { try scanner.skipByteOrderMark() }
        // Of a text that is gone on with, the place tells.
        let isBareList = place.offset > 0 ? place.isInList && !place.isInObject : try isNext("[")
        if isBareList {
            try readEntries()
        } else {
            try readObjects()
        }
        guard try scanner.next() == nil else { throw try scanner.unexpected("the end of the text") }
    }

    private mutating func isNext(_ character: Unicode.Scalar) throws(JSONScanError) -> Bool {
        try scanner.next() == UInt8(ascii: character)
    }

    /// Reads an object with `entries`, or entries one after the other.
    private mutating func readObjects() throws(JSONScanError) {
        var isGoingOn = place.isInObject
        if place.offset == 0, try !isNext("{") { throw try scanner.unexpected("'{' or '['") }
        while true {
            if !isGoingOn, try !isNext("{") { return }
            var entry = Entry()
            var isFirst = !isGoingOn
            if isGoingOn {
                isGoingOn = false
                try readEntries()
            } else {
                try scanner.expect("{")
            }
            while try scanner.takeMember(isFirst: &isFirst, end: "}") {
                let key = try scanner.takeKey()
                let isList = try scanner.next() == UInt8(ascii: "[")
                if key == "entries" || key == "data" && isList && !entry.isAny {
                    place.isInObject = true
                    try readEntries()
                } else {
                    try read(key, into: &entry)
                }
            }
            place.isInObject = false
            // An object without any of it is what stands around "entries".
            if entry.isAny { try note(entry) }
        }
    }

    private mutating func readEntries() throws(JSONScanError) {
        var isFirst = !place.isInList
        if isFirst { try scanner.expect("[") }
        place.isInList = true
        while try scanner.takeMember(isFirst: &isFirst, end: "]") { try note(try readEntry()) }
        place.isInList = false
    }

    private mutating func readEntry() throws(JSONScanError) -> Entry {
        var entry = Entry()
        try scanner.expect("{")
        var isFirst = true
        while try scanner.takeMember(isFirst: &isFirst, end: "}") {
            try read(try scanner.takeKey(), into: &entry)
        }
        return entry
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
        var problem: EntryRefusal?

        var isAny: Bool { members != nil || energy != nil || energyPerAtom != nil || problem != nil }
    }

    private mutating func read(_ key: String, into entry: inout Entry) throws(JSONScanError) {
        switch key {
        case "composition":
            guard try !scanner.takeNull() else { return }
            switch try readComposition() {
            case .success(let read): entry.members = read
            case .failure(let problem): entry.problem = entry.problem ?? problem
            }
        case "energy": entry.energy = try scanner.takeNull() ? nil : try scanner.takeNumber()
        case "energy_per_atom": entry.energyPerAtom = try scanner.takeNull() ? nil : try scanner.takeNumber()
        case "correction": entry.correction = try scanner.takeNull() ? nil : try scanner.takeNumber()
        case "energy_adjustments" where try scanner.next() == UInt8(ascii: "["):
            entry.adjustments = try readAdjustments()
        case "entry_id": entry.id = try readIdentifier() ?? entry.id
        case "data" where entry.id == nil:
            entry.id = try readMaterialIdentifier()
        case "structure" where entry.members == nil:
            entry.members = try readSites()
        default: try scanner.skipValue()
        }
    }

    /// Takes the entry, or counts why not.
    private mutating func note(_ entry: Entry) throws(JSONScanError) {
        do throws(EntryRefusal) {
            if let problem = entry.problem { throw problem }
            guard let members = entry.members else { throw .noComposition }
            let atoms = members.reduce(0) { $0 + $1.amount }
            let energy = try energy(of: entry, atoms: atoms)
            guard energy.isFinite else { throw .energyNotFinite }
            builder.add(members: members, energy: energy, id: entry.id ?? "entry-\(place.entryCount)")
        } catch {
            guard rules.countsRefusals else {
                problem = .invalidEntry(path: path, index: place.entryCount, reason: error.description)
                throw .stopped
            }
            builder.refuse(error)
        }
        place.entryCount += 1
        place.offset = scanner.offset
        do throws(HullError) { try pause(&self) } catch {
            problem = error
            throw .stopped
        }
    }

    /// eV for the composition, corrected as the rules ask for.
    private mutating func energy(of entry: Entry, atoms: Double) throws(EntryRefusal) -> Double {
        guard let energy = entry.energy else {
            guard let perAtom = entry.energyPerAtom else { throw .noEnergy }
            return perAtom * atoms
        }
        let correction: Double
        do throws(EnergyCorrection.Problem) {
            correction = try EnergyCorrection.total(correction: entry.correction, adjustments: entry.adjustments)
        } catch {
            throw .contradictoryCorrection(error.reason)
        }
        let corrected = energy + correction
        if let perAtom = entry.energyPerAtom, (perAtom - corrected / atoms).magnitude > StatedEnergy.agreement,
            (perAtom - energy / atoms).magnitude > StatedEnergy.agreement
        {
            throw .contradictoryEnergy(
                "its energy is \(corrected / atoms) eV/atom, but \"energy_per_atom\" says \(perAtom)")
        }
        if correction != 0, corrected.isFinite, !rules.ignoresCorrections { builder.correctedCount += 1 }
        return rules.ignoresCorrections ? energy : corrected
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

    private mutating func readComposition() throws(JSONScanError) -> Result<
        [(element: Element, amount: Double)], EntryRefusal
    > {
        var members: [(element: Element, amount: Double)] = []
        var problem: EntryRefusal?
        try scanner.forEachMember { (scanner, symbol) throws(JSONScanError) in
            guard !symbol.hasPrefix("@") else { return try scanner.skipValue() }
            let amount = try scanner.takeNumber()
            guard let element = Element(species: symbol) else {
                problem = problem ?? .notAnElement(symbol)
                return
            }
            guard amount.isFinite, amount >= 0 else {
                problem = problem ?? .badAmount(symbol)
                return
            }
            guard amount > 0 else { return }
            if let known = members.firstIndex(where: { $0.element == element }) {
                members[known].amount += amount  // D and H, or ions of two charges
            } else {
                members.append((element, amount))
            }
        }
        if let problem { return .failure(problem) }
        guard !members.isEmpty else { return .failure(.noAtoms) }
        return .success(members.sorted { $0.element < $1.element })
    }

    /// `mat_id` or `material_id` of an object.
    private mutating func readMaterialIdentifier() throws(JSONScanError) -> String? {
        var found: String?
        guard try scanner.next() == UInt8(ascii: "{") else {
            try scanner.skipValue()
            return nil
        }
        try scanner.forEachMember { (scanner, key) throws(JSONScanError) in
            if key == "mat_id" || key == "material_id", try scanner.next() == UInt8(ascii: "\"") {
                found = try scanner.takeString()
            } else {
                try scanner.skipValue()
            }
        }
        return found
    }

    /// The amounts of the elements on the sites of a structure; nil where they cannot be told.
    private mutating func readSites() throws(JSONScanError) -> [(element: Element, amount: Double)]? {
        guard try scanner.next() == UInt8(ascii: "{") else {
            try scanner.skipValue()
            return nil
        }
        var amounts: [Element: Double] = [:]
        var isClear = true
        try scanner.forEachMember { (scanner, key) throws(JSONScanError) in
            guard key == "sites", try scanner.next() == UInt8(ascii: "[") else { return try scanner.skipValue() }
            try scanner.forEachItem { (scanner) throws(JSONScanError) in
                try scanner.forEachMember { (scanner, key) throws(JSONScanError) in
                    guard key == "species", try scanner.next() == UInt8(ascii: "[") else {
                        return try scanner.skipValue()
                    }
                    try scanner.forEachItem { (scanner) throws(JSONScanError) in
                        var element: Element?
                        var share = 1.0
                        try scanner.forEachMember { (scanner, key) throws(JSONScanError) in
                            switch key {
                            case "element": element = Element(species: try scanner.takeString())
                            case "occu": share = try scanner.takeNumber()
                            default: try scanner.skipValue()
                            }
                        }
                        if let element, share > 0, share.isFinite {
                            amounts[element, default: 0] += share
                        } else {
                            isClear = false
                        }
                    }
                }
            }
        }
        guard isClear, !amounts.isEmpty else { return nil }
        return amounts.map { ($0.key, $0.value) }.sorted { $0.element < $1.element }
    }

    private mutating func readIdentifier() throws(JSONScanError) -> String? {
        if try scanner.takeNull() { return nil }
        if try scanner.next() == UInt8(ascii: "\"") { return try scanner.takeString() }
        let number = try scanner.takeNumber()
        return Int(exactly: number).map(String.init) ?? String(number)
    }
}
