import Base
import Crystals

extension EntryTable {
    /// SHA-256, hexadecimal, of what the table holds: composition, energy and name of each entry, whatever their order
    /// and whatever file they come from.
    ///
    /// - Complexity: O(n log n) in the number of entries; about 30 ms for the embedded hull.
    var digest: String {
        let prefixBytes = prefixes.map { Array($0.utf8) }
        var bytes: [UInt8] = []
        func append(_ value: UInt64) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.reserveCapacity(64 * energies.count)
        for system in systems.sorted(by: { $0.elements.precedes($1.elements) }) {
            let elements = system.elements.elements
            append(UInt64(elements.count))
            for element in elements { bytes.append(UInt8(element.atomicNumber)) }
            append(UInt64(system.records.count))
            let width = elements.count
            func amounts(_ record: Int) -> ArraySlice<Double> {
                let start = system.firstAmount + (record - system.records.lowerBound) * width
                return self.amounts[start..<start + width]
            }
            let ordered = system.records.sorted { amounts($0).lexicographicallyPrecedes(amounts($1)) }
            for record in ordered {
                for amount in amounts(record) { append(amount.bitPattern) }
                // Of the two zeros, one.
                append((energies[record] + 0).bitPattern)
                let identifier = identifiers[record]
                append(UInt64(prefixBytes[identifier.prefix].count))
                bytes += prefixBytes[identifier.prefix]
                append(UInt64(identifier.digits))
                append(identifier.number)
            }
        }
        return Digest(of: bytes).hexadecimal
    }
}
