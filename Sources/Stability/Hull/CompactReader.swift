import Crystals

/// Reads the payload of a compact hull; every count is checked against what is there, and nil means damage.
struct CompactReader {
    let bytes: [UInt8]
    private(set) var position: Int

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    /// - Parameter known: convention and digest, for files that do not state them.
    mutating func readReference(
        version: UInt32, known: (convention: EnergyConvention, digest: String)?
    ) -> HullReference? {
        var (convention, digest) = (known?.convention, known?.digest)
        if version >= 2 {
            guard let code = readByte(), code < CompactHull.conventions.count, remaining >= 32 else { return nil }
            convention = CompactHull.conventions[code]
            digest = bytes[position..<position + 32].map { byte in
                let text = String(byte, radix: 16)
                return text.count == 1 ? "0" + text : text
            }.joined()
            position += 32
        }
        guard let name = readText(), let sourceEntries = readCount(limit: Int(Int32.max)),
            let recordCount = readCount(limit: remaining), let prefixCount = readCount(limit: remaining)
        else { return nil }
        var prefixes: [String] = []
        for _ in 0..<prefixCount {
            guard let prefix = readText() else { return nil }
            prefixes.append(prefix)
        }
        guard let systemCount = readCount(limit: remaining) else { return nil }
        var table = EntryTable(prefixes: prefixes, expectedSystems: systemCount, expectedRecords: recordCount)
        for _ in 0..<systemCount {
            guard readSystem(into: &table) else { return nil }
        }
        guard remaining == 0, table.energies.count == recordCount, recordCount > 0 else { return nil }
        return HullReference(
            name: name, table: table, sourceEntryCount: sourceEntries, digest: digest, stated: convention)
    }

    private var remaining: Int { bytes.count - position }

    private mutating func readSystem(into table: inout EntryTable) -> Bool {
        guard let elementCount = readByte(), elementCount > 0 else { return false }
        var elements = ElementSet()
        var last = 0
        for _ in 0..<elementCount {
            guard let number = readByte(), number > last, let element = Element(atomicNumber: number) else {
                return false
            }
            elements.insert(element)
            last = number
        }
        guard let recordCount = readCount(limit: remaining), recordCount > 0,
            table.append(system: elements, recordCount: recordCount)
        else { return false }
        for _ in 0..<recordCount {
            for _ in 0..<elementCount {
                guard let amount = readAmount(), amount > 0, amount.isFinite else { return false }
                table.append(amount: amount)
            }
            guard let energy = readEnergy(), energy.isFinite,
                let prefix = readCount(limit: table.prefixes.count - 1),
                let digits = readCount(limit: EntryIdentifier.maximumDigits),
                let number = digits > 0 ? readNumber() : 0
            else { return false }
            table.append(
                energy: energy, identifier: EntryIdentifier(prefix: prefix, digits: digits, number: number))
        }
        return true
    }

    private mutating func readByte() -> Int? {
        guard position < bytes.count else { return nil }
        position += 1
        return Int(bytes[position - 1])
    }

    private mutating func readNumber() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    private mutating func readCount(limit: Int) -> Int? {
        guard let value = readNumber(), let count = Int(exactly: value), count <= limit else { return nil }
        return count
    }

    private mutating func readText() -> String? {
        guard let count = readCount(limit: remaining), count <= remaining else { return nil }
        position += count
        return String(decoding: bytes[position - count..<position], as: UTF8.self)
    }

    private mutating func readAmount() -> Double? {
        guard let code = readNumber() else { return nil }
        return code & 1 == 0 ? Double(code >> 1) : readRaw(code)
    }

    private mutating func readEnergy() -> Double? {
        guard let code = readNumber() else { return nil }
        guard code & 1 == 0 else { return readRaw(code) }
        let zigzag = code >> 1
        let micro = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
        return Double(micro) / 1e6
    }

    private mutating func readRaw(_ code: UInt64) -> Double? {
        guard code == 1, remaining >= 8 else { return nil }
        var pattern: UInt64 = 0
        for index in 0..<8 { pattern |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += 8
        return Double(bitPattern: pattern)
    }
}
