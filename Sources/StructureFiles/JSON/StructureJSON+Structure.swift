import Crystals
import Foundation

extension StructureJSON {
    /// Every atom of a cell.
    static func structure(
        _ object: [String: Any], id: String?, line: Int?
    ) throws(StructureFileError) -> Structure {
        let lattice = object["lattice"] as? [String: Any]
        let cell = try cell(object, line: line)
        guard cell.volume > 1e-9, cell.volume.isFinite else { throw error(line, "the cell has no volume") }
        for flags in [lattice?["pbc"], object["pbc"]] {
            if let problem = periodicityProblem(flags) { throw error(line, problem) }
        }
        let atoms = try atoms(object, cell: cell, line: line)
        guard !atoms.isEmpty else { throw .crystal(.noAtoms) }
        guard atoms.count <= StructureReader.maximumAtomCount else {
            throw error(line, "\(atoms.count) atoms are more than \(StructureReader.maximumAtomCount)")
        }
        let structure = Structure(
            cell: cell, elements: atoms.map(\.element), fractionalCoordinates: atoms.map(\.point),
            labels: atoms.map(\.name), id: id)
        try structure.requireSeparateAtoms(format: "JSON", line: line)
        return structure
    }

    private struct Atom {
        /// For messages, such as "site 2 (Na1)".
        let name: String
        let element: Element
        let point: SIMD3<Double>
    }

    /// The vectors of `lattice`: three in a list, or `matrix`, or the lengths and angles.
    private static func cell(_ object: [String: Any], line: Int?) throws(StructureFileError) -> Cell {
        let lattice = object["lattice"] as? [String: Any]
        guard let matrix = object["lattice"] as? [Any] ?? lattice?["matrix"] as? [Any] else {
            let values = numbers(["a", "b", "c", "alpha", "beta", "gamma"].map { lattice?[$0] ?? NSNull() })
            // Without a matrix, Cartesian coordinates would have no axes.
            guard values.count == 6, object["cart_coords"] == nil else {
                throw error(line, "there is no \"lattice\" of three vectors; expected \(layouts)")
            }
            do {
                return try LatticeParameters(values: values).cell()
            } catch {
                throw .crystal(error)
            }
        }
        let vectors = matrix.compactMap(vector)
        guard vectors.count == 3, matrix.count == 3 else { throw error(line, "\"lattice\" must be three vectors") }
        return Cell(a: vectors[0], b: vectors[1], c: vectors[2])
    }

    private static func atoms(
        _ object: [String: Any], cell: Cell, line: Int?
    ) throws(StructureFileError) -> [Atom] {
        let key = object["frac_coords"] == nil ? "cart_coords" : "frac_coords"
        if let species = object["species"] as? [Any], let coordinates = object[key] as? [Any] {
            guard species.count == coordinates.count else {
                throw error(line, "\(species.count) species, but \(coordinates.count) coordinates")
            }
            var atoms: [Atom] = []
            for (index, (symbol, point)) in zip(species, coordinates).enumerated() {
                guard let symbol = symbol as? String else {
                    throw error(line, "\"species\" must be symbols of elements, not \(symbol)")
                }
                let name = "atom \(index + 1) (\(symbol))"
                let atom = try atom(name, symbol: symbol, point: point, key: key, line: line)
                atoms.append(
                    key == "frac_coords"
                        ? atom : Atom(name: name, element: atom.element, point: cell.fractional(atom.point)))
            }
            return atoms
        }
        guard let sites = object["sites"] as? [Any] else {
            throw error(line, "\"species\" and \"frac_coords\", or \"sites\", are missing; expected \(layouts)")
        }
        var atoms: [Atom] = []
        for (index, value) in sites.enumerated() {
            let site = value as? [String: Any] ?? [:]
            let name = "site \(index + 1)" + ((site["label"] as? String).map { " (\($0))" } ?? "")
            guard let species = site["species"] as? [[String: Any]], let first = species.first,
                let symbol = first["element"] as? String
            else { throw error(line, "\(name) lacks \"species\": [{\"element\": ..., \"occu\": 1}]") }
            let occupancy = JSONTree.number(first["occu"]) ?? (first["occu"] == nil ? 1 : .nan)
            guard species.count == 1, occupancy > 0.999, occupancy < 1.001 else {
                throw error(line, "\(name) is disordered: its occupancy is not one element's alone")
            }
            atoms.append(try atom(name, symbol: symbol, point: site["abc"], key: "abc", line: line))
        }
        return atoms
    }

    private static func atom(
        _ name: String, symbol: String, point: Any?, key: String, line: Int?
    ) throws(StructureFileError) -> Atom {
        guard let element = Element(species: symbol) else {
            throw error(line, "\(name): no such element: \"\(symbol)\"")
        }
        guard let position = point.flatMap(vector) else {
            throw error(line, "\(name): \"\(key)\" must be three numbers")
        }
        return Atom(name: name, element: element, point: position)
    }

    private static func periodicityProblem(_ value: Any?) -> String? {
        guard let value, !(value is NSNull) else { return nil }
        let flags = value as? [Any] ?? [value]
        return Periodicity.problem(
            flags.map { flag in (flag as? NSNumber).map { $0.doubleValue != 0 } ?? Periodicity.flag("\(flag)") },
            text: flags.map { "\(($0 as? NSNumber).map { $0.doubleValue != 0 ? "T" : "F" } ?? "\($0)")" }
                .joined(separator: " "))
    }

    /// The sites of a crystal.
    static func crystal(_ object: [String: Any], line: Int?) throws(StructureFileError) -> Crystal {
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
            guard let symbol = item["element"] as? String, let element = Element(species: symbol) else {
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
        do {
            return try Crystal(spaceGroup: group, sites: sites, lattice: LatticeParameters(values: values)).settled()
        } catch {
            throw .crystal(error)
        }
    }
}
