/// The frames of an extended XYZ file.
struct XYZEntries: EntrySource {
    private var lines: LineReader
    private var isAtEnd = false

    init(lines: LineReader) {
        self.lines = lines
    }

    mutating func next() -> SourceEntry? {
        guard !isAtEnd else { return nil }
        do throws(StructureFileError) {
            return try frame()
        } catch {
            // What follows a broken frame cannot be told apart from it.
            isAtEnd = true
            return SourceEntry(id: nil) { () throws(StructureFileError) in throw error }
        }
    }

    /// The next frame; errors inside a frame whose extent is known stay with the frame.
    private mutating func frame() throws(StructureFileError) -> SourceEntry? {
        var first = try lines.next()
        while let line = first, words(line).isEmpty { first = try lines.next() }
        guard let first else { return nil }
        let start = lines.line
        guard let count = words(first).first.flatMap({ Int($0) }), count >= 0 else {
            throw error(
                start, "expected the number of atoms, found \"\(String(decoding: first.prefix(40), as: UTF8.self))\"")
        }
        guard count <= StructureReader.maximumAtomCount else {
            throw error(start, "\(count) atoms are more than \(StructureReader.maximumAtomCount)")
        }
        guard let comment = try lines.next() else { throw error(start, "the file ends after the number of atoms") }
        var rows: [[String]] = []
        for _ in 0..<count {
            guard let line = try lines.next() else {
                throw error(start, "the file ends after \(rows.count) of \(count) atoms")
            }
            rows.append(words(line))
        }
        let header = XYZHeader(comment)
        let atoms = rows
        return SourceEntry(id: header.values["id"]) { () throws(StructureFileError) in
            .structure(try XYZEntries.structure(header: header, rows: atoms, line: start))
        }
    }

    private func error(_ line: Int, _ reason: String) -> StructureFileError {
        .malformed(format: "extxyz", line: line, reason: reason)
    }

    private static func structure(
        header: XYZHeader, rows: [[String]], line: Int
    ) throws(StructureFileError) -> Structure {
        func error(_ line: Int, _ reason: String) -> StructureFileError {
            .malformed(format: "extxyz", line: line, reason: reason)
        }
        guard let text = header.values["lattice"] else {
            throw error(line + 1, "there is no Lattice=\"...\": a periodic cell is needed")
        }
        let numbers = words(text.utf8).compactMap { parseDecimal($0.utf8) }
        guard numbers.count == 9 else { throw error(line + 1, "the lattice needs nine numbers: \"\(text)\"") }
        let cell = Cell(
            a: SIMD3(numbers[0..<3]), b: SIMD3(numbers[3..<6]), c: SIMD3(numbers[6..<9]))
        guard cell.volume > 1e-9, cell.volume.isFinite else { throw error(line + 1, "the cell has no volume") }
        guard !rows.isEmpty else { throw .crystal(.noAtoms) }
        let columns = header.columns
        guard let position = columns["pos"], let species = columns["species"] ?? columns["z"] else {
            throw error(line + 1, "Properties names no species and pos")
        }
        var elements: [Element] = []
        var coordinates: [SIMD3<Double>] = []
        for (index, row) in rows.enumerated() {
            let place = line + 2 + index
            guard row.count > max(species, position + 2) else {
                throw error(place, "the line has only \(row.count) words")
            }
            guard let element = Int(row[species]).flatMap(Element.init(atomicNumber:)) ?? Element(symbol: row[species])
            else { throw error(place, "no such element: \"\(row[species])\"") }
            let values = row[position..<position + 3].compactMap { parseDecimal($0.utf8) }
            guard values.count == 3 else { throw error(place, "a coordinate is no number") }
            elements.append(element)
            coordinates.append(cell.fractional(SIMD3(values)))
        }
        return Structure(
            cell: cell, elements: elements, fractionalCoordinates: coordinates, id: header.values["id"])
    }
}

/// The second line of a frame: key=value pairs.
private struct XYZHeader {
    /// By key in lower case.
    var values: [String: String] = [:]

    init(_ line: [UInt8]) {
        var index = 0
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        while index < line.count {
            if isBlank(line[index]) {
                index += 1
                continue
            }
            let start = index
            while index < line.count, !isBlank(line[index]), line[index] != UInt8(ascii: "=") { index += 1 }
            let key = String(decoding: line[start..<index], as: UTF8.self).lowercased()
            guard index < line.count, line[index] == UInt8(ascii: "=") else { continue }
            index += 1
            let closing: UInt8? =
                index == line.count
                ? nil
                : [
                    UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"),
                    UInt8(ascii: "{"): UInt8(ascii: "}"), UInt8(ascii: "["): UInt8(ascii: "]"),
                ][line[index]]
            if closing != nil { index += 1 }
            let valueStart = index
            while index < line.count, closing.map({ line[index] != $0 }) ?? !isBlank(line[index]) { index += 1 }
            values[key] = String(decoding: line[valueStart..<index], as: UTF8.self)
            if closing != nil { index += 1 }
        }
    }

    /// Where each property starts in a line of an atom.
    var columns: [String: Int] {
        guard let text = values["properties"] else { return ["species": 0, "pos": 1] }
        let parts = text.split(separator: ":")
        var columns: [String: Int] = [:]
        var start = 0
        for index in stride(from: 0, to: parts.count - parts.count % 3, by: 3) {
            guard let width = Int(parts[index + 2]), (1...100).contains(width) else { return [:] }
            columns[parts[index].lowercased()] = start
            start += width
        }
        return columns
    }
}
