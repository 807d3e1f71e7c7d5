import CZlib

/// Some records in one compressed piece: ids, compositions, cells and positions stand together by kind, numbers byte by
/// byte of their places, which packs to half the size.
enum KnownCrystalBlock {
    /// How many records a block has: few enough that looking into one takes some hundred microseconds.
    static let recordCount = 128
    /// The most bytes of a block unpacked, against files that mean harm.
    static let largestSize = 1 << 26

    /// The bytes of records; empty if they do not pack.
    static func packed(_ records: ArraySlice<KnownCrystalRecord>) -> (bytes: [UInt8], unpackedCount: Int) {
        var writer = ByteWriter()
        for record in records {
            let id = Array(record.id.utf8)
            writer.write(variable: id.count)
            writer.bytes += id
        }
        for record in records {
            writer.bytes.append(UInt8(record.composition.count))
            for (element, count) in record.composition {
                writer.bytes.append(element)
                writer.write(variable: Int(count))
            }
            writer.bytes.append(record.anchor)
        }
        let parameters = records.flatMap(\.parameters).map(\.bitPattern)
        for shift in stride(from: 24, through: 0, by: -8) {
            for value in parameters { writer.bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        let positions = records.flatMap(\.positions)
        for shift in [8, 0] {
            for value in positions { writer.bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return (deflated(writer.bytes), writer.bytes.count)
    }

    /// The records of a block; nil if the bytes are not a block of that many.
    static func unpacked(_ bytes: [UInt8], unpackedCount: Int, recordCount: Int) -> [KnownCrystalRecord]? {
        guard let content = inflated(bytes, count: unpackedCount) else { return nil }
        var reader = ByteReader(content[...])
        var ids: [String] = []
        var heads: [(composition: [(element: UInt8, count: UInt16)], anchor: UInt8, atoms: Int)] = []
        for _ in 0..<recordCount {
            guard let length = reader.readVariable(), let id = reader.read(count: length) else { return nil }
            ids.append(String(decoding: id, as: UTF8.self))
        }
        for _ in 0..<recordCount {
            guard let elements = reader.read(UInt8.self) else { return nil }
            var composition: [(element: UInt8, count: UInt16)] = []
            for _ in 0..<elements {
                guard let element = reader.read(UInt8.self),
                    let count = reader.readVariable().flatMap(UInt16.init(exactly:))
                else { return nil }
                composition.append((element, count))
            }
            guard let anchor = reader.read(UInt8.self) else { return nil }
            heads.append((composition, anchor, composition.reduce(0) { $0 + Int($1.count) }))
        }
        let atoms = heads.reduce(0) { $0 + $1.atoms }
        guard let parameters = planes(&reader, count: 6 * recordCount, bytes: 4),
            let positions = planes(&reader, count: 3 * atoms, bytes: 2), reader.isAtEnd
        else { return nil }
        var start = 0
        return heads.indices.map { index in
            defer { start += 3 * heads[index].atoms }
            return KnownCrystalRecord(
                id: ids[index], composition: heads[index].composition, anchor: heads[index].anchor,
                parameters: parameters[6 * index..<6 * index + 6].map { Float(bitPattern: $0) },
                positions: positions[start..<start + 3 * heads[index].atoms].map { UInt16(truncatingIfNeeded: $0) })
        }
    }

    /// Numbers whose highest bytes stand first, then the next ones.
    private static func planes(_ reader: inout ByteReader, count: Int, bytes: Int) -> [UInt32]? {
        guard count <= reader.remainingCount / bytes else { return nil }
        var values = [UInt32](repeating: 0, count: count)
        for _ in 0..<bytes {
            guard let plane = reader.read(count: count) else { return nil }
            for (index, byte) in plane.enumerated() { values[index] = values[index] << 8 | UInt32(byte) }
        }
        return values
    }

    /// The bytes, packed by zlib; empty if it refuses, which it does for no bytes in memory.
    static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(compressBound(UInt(bytes.count)))) { buffer, count in
            var length = UInt(buffer.count)
            count = compress2(buffer.baseAddress, &length, bytes, UInt(bytes.count), 9) == Z_OK ? Int(length) : 0
        }
    }

    /// The bytes, unpacked; nil if they are not `count` bytes packed.
    private static func inflated(_ bytes: [UInt8], count expected: Int) -> [UInt8]? {
        guard (0...largestSize).contains(expected) else { return nil }
        let content = [UInt8](unsafeUninitializedCapacity: expected) { buffer, count in
            var length = UInt(expected)
            count = uncompress(buffer.baseAddress, &length, bytes, UInt(bytes.count)) == Z_OK ? Int(length) : 0
        }
        return content.count == expected ? content : nil
    }

    /// The CRC-32 of bytes.
    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        Array(bytes).withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32_z(0, $0.baseAddress, $0.count)) }
    }
}
