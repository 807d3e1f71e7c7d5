internal import Base
internal import CZlib
internal import Crystals
package import Foundation

/// The compact form of a reference hull: the lowest entry of every compound, in a file that opens in milliseconds.
///
/// What is kept gives exactly the distances and decompositions of the whole source, since a higher entry of the same
/// reduced composition can lie on no hull. Dropped are those entries, and of the rest everything but composition,
/// corrected energy and `entry_id`.
///
/// Layout: `DRUSEHUL`, version (u32), CRC-32 of the payload (u32), payload length (u64), all little-endian, then the
/// payload. Its numbers are LEB128 variable-length unless said otherwise:
///
///     from version 2 on: what the energies are (a byte: 0 unknown, 1 mp2020-corrected, 2 raw-pbe, 3 own-hull-only),
///     SHA-256 of the entries (32 bytes)
///     source name; entries in the source; records
///     prefixes: count, then each as length and UTF-8
///     systems: count, then each as
///         element count, atomic numbers ascending (one byte each), record count, then each record as
///             amounts: 2·n for a whole n, or 1 and eight bytes of f64
///             energy, eV, corrected: 2·zigzag(microelectronvolts) where that is exact, or 1 and eight bytes of f64
///             entry_id: prefix index, number of digits (0 = the prefix alone), the digits' value
package enum CompactHull {
    /// The version that is written; 1 is read as well.
    package static let version: UInt32 = 2

    /// The checksum of the hull that comes with the product, and its digest, which takes longer to compute than the
    /// file to open.
    private static let embeddedChecksum: UInt32 = 0x305c_a3a7
    static let embeddedDigest = "a0a9001fcc5f57f86eee6e467d1ee174ab4705a9c1da173be5e72f07c4e385a9"

    static let magic = Array("DRUSEHUL".utf8)
    package static let headerBytes = 24

    /// By the byte that stands for each.
    static let conventions: [EnergyConvention?] = [nil, .mp2020Corrected, .rawPBE, .ownHullOnly]

    /// Writes a reference in compact form.
    package static func write(_ reference: HullReference, to url: URL) throws(HullError) {
        do throws(OutputFileError) {
            try OutputFile.write(encode(reference), to: url.path)
        } catch {
            throw .unwritable(path: url.path, reason: error.reason)
        }
    }

    /// Opens a compact file.
    package static func read(_ url: URL) throws(HullError) -> HullReference {
        let content: Data
        do {
            content = try Data(contentsOf: url)
        } catch {
            throw .file(.unreadable(path: url.path, reason: FileProblem.reason(of: error)))
        }
        return try decode([UInt8](content), path: url.path)
    }

    /// Whether a file begins like a compact hull.
    static func isCompactHull(_ url: URL) -> Bool {
        guard let file = try? FileHandle(forReadingFrom: url) else { return false }
        defer { try? file.close() }
        guard let start = try? file.read(upToCount: magic.count) else { return false }
        return start.elementsEqual(magic)
    }

    package static func encode(_ reference: HullReference) -> [UInt8] {
        let table = reference.table
        var payload = CompactWriter()
        payload.bytes.append(UInt8(conventions.firstIndex(of: reference.convention) ?? 0))
        payload.bytes += hexadecimalBytes(reference.digest)
        payload.write(reference.name)
        payload.write(UInt64(reference.sourceEntryCount))
        payload.write(UInt64(table.energies.count))
        payload.write(UInt64(table.prefixes.count))
        for prefix in table.prefixes { payload.write(prefix) }
        payload.write(UInt64(table.systems.count))
        for system in table.systems {
            let elements = system.elements.elements
            payload.bytes.append(UInt8(elements.count))
            for element in elements { payload.bytes.append(UInt8(element.atomicNumber)) }
            payload.write(UInt64(system.records.count))
            var nextAmount = system.firstAmount
            for record in system.records {
                for _ in elements {
                    payload.write(amount: table.amounts[nextAmount])
                    nextAmount += 1
                }
                payload.write(energy: table.energies[record])
                let identifier = table.identifiers[record]
                payload.write(UInt64(identifier.prefix))
                payload.write(UInt64(identifier.digits))
                if identifier.digits > 0 { payload.write(identifier.number) }
            }
        }
        var content = magic
        for shift in stride(from: 0, to: 32, by: 8) { content.append(UInt8(truncatingIfNeeded: version >> shift)) }
        let checksum = checksum(of: payload.bytes[...])
        for shift in stride(from: 0, to: 32, by: 8) { content.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
        for shift in stride(from: 0, to: 64, by: 8) {
            content.append(UInt8(truncatingIfNeeded: payload.bytes.count >> shift))
        }
        return content + payload.bytes
    }

    /// - Parameter path: for messages.
    package static func decode(_ content: [UInt8], path: String) throws(HullError) -> HullReference {
        guard content.count >= headerBytes, content.starts(with: magic) else {
            throw .damagedCompactHull(path: path, reason: "it does not begin with a compact hull's header")
        }
        func littleEndian(_ range: Range<Int>) -> UInt64 {
            content[range].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let found = UInt32(truncatingIfNeeded: littleEndian(8..<12))
        guard (1...version).contains(found) else {
            throw .unsupportedCompactHull(path: path, version: found, supported: version)
        }
        let length = littleEndian(16..<24)
        guard length == UInt64(content.count - headerBytes) else {
            throw .damagedCompactHull(
                path: path, reason: "\(content.count - headerBytes) bytes of \(length) behind the header")
        }
        guard UInt64(checksum(of: content[headerBytes...])) == littleEndian(12..<16) else {
            throw .damagedCompactHull(path: path, reason: "the checksum does not agree")
        }
        var reader = CompactReader(bytes: content, position: headerBytes)
        let isEmbedded = found == 1 && littleEndian(12..<16) == UInt64(embeddedChecksum)
        let known = isEmbedded ? (EnergyConvention.mp2020Corrected, embeddedDigest) : nil
        guard let reference = reader.readReference(version: found, known: known) else {
            throw .damagedCompactHull(path: path, reason: "byte \(reader.position) is not what the layout asks for")
        }
        return reference
    }

    private static func hexadecimalBytes(_ text: String) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return 0 }
            return UInt32(
                truncatingIfNeeded: crc32_z(0, start.assumingMemoryBound(to: UInt8.self), buffer.count))
        }
    }
}

/// Writes the numbers of the payload.
private struct CompactWriter {
    var bytes: [UInt8] = []

    mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func write(_ text: String) {
        write(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
    }

    mutating func write(amount: Double) {
        if let whole = UInt32(exactly: amount) { write(UInt64(whole) << 1) } else { write(raw: amount) }
    }

    mutating func write(energy: Double) {
        let micro = (energy * 1e6).rounded()
        if micro.magnitude < 1e15, (micro / 1e6).bitPattern == energy.bitPattern {
            let signed = Int64(micro)
            write(UInt64(bitPattern: (signed << 1) ^ (signed >> 63)) << 1)
        } else {
            write(raw: energy)
        }
    }

    private mutating func write(raw value: Double) {
        write(1)
        let pattern = value.bitPattern
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: pattern >> shift)) }
    }
}
