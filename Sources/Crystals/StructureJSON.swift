import Foundation

/// Structures as JSON objects: every atom (`lattice`, `species`, `frac_coords`), the sites of a crystal (`space_group`,
/// `lattice`, `sites`), or pymatgen's dictionary of a structure.
enum StructureJSON {
    /// The entries of one object or of a list of objects.
    static func entries(_ bytes: [UInt8]) throws(StructureFileError) -> [SourceEntry] {
        let value = try parse(bytes, line: nil)
        guard let list = value as? [Any] else { return [entry(value, line: nil)] }
        return list.map { entry($0, line: nil) }
    }

    /// The entry of one line.
    static func entry(_ bytes: [UInt8], line: Int) -> SourceEntry {
        do throws(StructureFileError) {
            return entry(try parse(bytes, line: line), line: line)
        } catch {
            return SourceEntry(id: nil) { () throws(StructureFileError) in throw error }
        }
    }

    private static func parse(_ bytes: [UInt8], line: Int?) throws(StructureFileError) -> Any {
        guard let value = JSONTree.parse(Data(bytes)) else {
            throw .malformed(
                format: "JSON", line: line, reason: "this is no valid JSON (NaN and Infinity are none either)")
        }
        return value
    }

    private static func entry(_ value: Any, line: Int?) -> SourceEntry {
        let object = value as? [String: Any]
        let id = object?["id"] ?? object?["material_id"]
        let name = (id as? String) ?? (id as? Int).map(String.init)
        return SourceEntry(id: name) { () throws(StructureFileError) in
            guard let object else { throw error(line, "expected an object") }
            if object["space_group"] != nil { return .crystal(try crystal(object, line: line)) }
            if let nested = object["structure"] as? [String: Any] {
                return .structure(try structure(nested, id: name, line: line))
            }
            return .structure(try structure(object, id: name, line: line))
        }
    }

    private static func error(_ line: Int?, _ reason: String) -> StructureFileError {
        .malformed(format: "JSON", line: line, reason: reason)
    }

    private static func structure(
        _ object: [String: Any], id: String?, line: Int?
    ) throws(StructureFileError) -> Structure {
        let matrix = object["lattice"] as? [Any] ?? (object["lattice"] as? [String: Any])?["matrix"] as? [Any] ?? []
        let vectors = matrix.compactMap(vector)
        guard vectors.count == 3, matrix.count == 3 else { throw error(line, "\"lattice\" must be three vectors") }
        let cell = Cell(a: vectors[0], b: vectors[1], c: vectors[2])
        guard cell.volume > 1e-9, cell.volume.isFinite else { throw error(line, "the cell has no volume") }
        var symbols: [String] = []
        var points: [Any] = []
        if let species = object["species"] as? [String], let coordinates = object["frac_coords"] as? [Any] {
            symbols = species
            points = coordinates
        } else if let sites = object["sites"] as? [[String: Any]] {
            for site in sites {
                let species = site["species"] as? [[String: Any]] ?? []
                guard species.count == 1, (species[0]["occu"] as? Double ?? 1) > 0.999,
                    let symbol = species[0]["element"] as? String, let point = site["abc"]
                else { throw error(line, "a site is disordered or lacks \"species\" or \"abc\"") }
                symbols.append(symbol)
                points.append(point)
            }
        } else {
            throw error(line, "\"species\" and \"frac_coords\" are missing")
        }
        guard symbols.count == points.count else {
            throw error(line, "\(symbols.count) species, but \(points.count) coordinates")
        }
        guard !symbols.isEmpty else { throw .crystal(.noAtoms) }
        guard symbols.count <= StructureReader.maximumAtomCount else {
            throw error(line, "\(symbols.count) atoms are more than \(StructureReader.maximumAtomCount)")
        }
        var elements: [Element] = []
        var coordinates: [SIMD3<Double>] = []
        for (symbol, point) in zip(symbols, points) {
            guard let element = Element(symbol: symbol) else { throw error(line, "no such element: \"\(symbol)\"") }
            guard let position = vector(point) else { throw error(line, "coordinates must be three numbers") }
            elements.append(element)
            coordinates.append(position)
        }
        return Structure(cell: cell, elements: elements, fractionalCoordinates: coordinates, id: id)
    }

    private static func crystal(_ object: [String: Any], line: Int?) throws(StructureFileError) -> Crystal {
        guard let number = object["space_group"] as? Int, let group = SpaceGroup(number: number) else {
            throw error(line, "\"space_group\" must be 1 to 230")
        }
        let values = numbers(object["lattice"])
        guard values.count == 6 else {
            throw error(line, "\"lattice\" must be six numbers: a, b, c, alpha, beta, gamma")
        }
        guard let list = object["sites"] as? [[String: Any]] else { throw error(line, "\"sites\" must be a list") }
        guard !list.isEmpty else { throw .crystal(.noAtoms) }
        guard list.count <= StructureReader.maximumAtomCount else { throw error(line, "too many sites") }
        var sites: [Crystal.Site] = []
        for item in list {
            let letter = (item["wyckoff"] as? String).flatMap { text in
                WyckoffPosition.index(letter: text.drop { $0.isNumber })
            }
            guard let index = letter ?? item["wyckoff"] as? Int else {
                throw error(line, "\"wyckoff\" must be a letter a to z or A, or its index from 1")
            }
            guard let position = group.position(wyckoff: index) else {
                throw .crystal(
                    .unknownWyckoffPosition(
                        spaceGroup: number, index: index, available: group.wyckoffPositions.count))
            }
            guard let symbol = item["element"] as? String, let element = Element(symbol: symbol) else {
                throw error(line, "\"element\" is missing or no element")
            }
            guard let point = item["position"].flatMap(vector) else {
                throw error(line, "\"position\" must be three numbers")
            }
            if let multiplicity = item["multiplicity"] as? Int, multiplicity != position.multiplicity {
                throw error(
                    line,
                    "position \(position.letter) of space group \(number) has multiplicity "
                        + "\(position.multiplicity), not \(multiplicity)")
            }
            sites.append(Crystal.Site(wyckoff: index, element: element, position: wrapped(point)))
        }
        let crystal = Crystal(spaceGroup: group, sites: sites, lattice: LatticeParameters(values: values))
        do {
            _ = try group.symmetrize(crystal.lattice).cell()
        } catch {
            throw .crystal(error)
        }
        return crystal
    }

    private static func numbers(_ value: Any?) -> [Double] {
        guard let list = value as? [Any] else { return [] }
        let values = list.compactMap { ($0 as? NSNumber)?.doubleValue ?? ($0 as? Double) }
        return values.count == list.count && values.allSatisfy(\.isFinite) ? values : []
    }

    private static func vector(_ value: Any) -> SIMD3<Double>? {
        let values = numbers(value)
        return values.count == 3 ? SIMD3(values) : nil
    }
}

/// The lines of a file of JSON objects; empty lines are left out.
struct JSONLineEntries: EntrySource {
    private var lines: LineReader
    private var isAtEnd = false

    init(lines: LineReader) {
        self.lines = lines
    }

    mutating func next() -> SourceEntry? {
        guard !isAtEnd else { return nil }
        do throws(StructureFileError) {
            while let line = try lines.next() {
                if words(line).isEmpty { continue }
                return StructureJSON.entry(line, line: lines.line)
            }
            return nil
        } catch {
            isAtEnd = true
            return SourceEntry(id: nil) { () throws(StructureFileError) in throw error }
        }
    }
}
