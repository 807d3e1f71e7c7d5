import Base
import Crystals

/// The frames of an extended XYZ file.
struct XYZEntries: EntrySource {
    private var lines: LineReader
    private let numbers: [String]
    private var isAtEnd = false

    /// - Parameter numbers: keys of the second lines to read beside the structures.
    init(lines: LineReader, numbers: [String] = []) {
        self.lines = lines
        self.numbers = numbers
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
        var entry = SourceEntry(id: header.id) { () throws(StructureFileError) in
            .structure(try XYZEntries.structure(header: header, rows: atoms, line: start))
        }
        entry.state(numbers.compactMap { key in header.values[key.lowercased()].map { (key, $0) } }) { reason in
            error(start + 1, reason)
        }
        entry.stateEnergy(StatedEnergy.keys.compactMap { key in header.values[key].map { (key, $0) } }) { reason in
            error(start + 1, reason)
        }
        return entry
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
        guard let items = header.items("lattice") else {
            throw error(line + 1, "there is no Lattice=\"...\": a periodic cell is needed")
        }
        let numbers = items.compactMap { parseDecimal($0.utf8) }
        guard numbers.count == 9, items.count == 9 else {
            throw error(line + 1, "the lattice needs nine numbers: \"\(header.values["lattice"] ?? "")\"")
        }
        let cell = Cell(
            a: SIMD3(numbers[0..<3]), b: SIMD3(numbers[3..<6]), c: SIMD3(numbers[6..<9]))
        guard cell.volume > 1e-9, cell.volume.isFinite else { throw error(line + 1, "the cell has no volume") }
        if let flags = header.items("pbc"),
            let problem = Periodicity.problem(flags.map { Periodicity.flag($0) }, text: header.values["pbc"] ?? "")
        {
            throw error(line + 1, problem)
        }
        guard !rows.isEmpty else { throw .crystal(.noAtoms) }
        guard let columns = header.columns else {
            throw error(line + 1, "Properties must be name:type:width, ..., such as species:S:1:pos:R:3")
        }
        guard let position = columns["pos"], let species = columns["species"] ?? columns["z"], position.width == 3,
            species.width == 1
        else { throw error(line + 1, "Properties must name species (or Z) with one column and pos with three") }
        var elements: [Element] = []
        var coordinates: [SIMD3<Double>] = []
        for (index, row) in rows.enumerated() {
            let place = line + 2 + index
            guard row.count > max(species.start, position.start + 2) else {
                throw error(place, "the line has only \(row.count) words")
            }
            let name = row[species.start]
            guard
                let element = Int(name).flatMap(Element.init(atomicNumber:))
                    ?? Element(species: name, ignoringCase: true)
            else { throw error(place, "no such element: \"\(name)\"") }
            let values = row[position.start..<position.start + 3].compactMap { parseDecimal($0.utf8) }
            guard values.count == 3 else { throw error(place, "a coordinate is no number") }
            elements.append(element)
            coordinates.append(cell.fractional(SIMD3(values)))
        }
        let labels = elements.enumerated().map { "atom \($0 + 1) (\($1.symbol), line \(line + 2 + $0))" }
        let structure = Structure(
            cell: cell, elements: elements, fractionalCoordinates: coordinates, labels: labels,
            id: header.id)
        try structure.requireSeparateAtoms(format: "extxyz", line: nil)
        return structure
    }
}
