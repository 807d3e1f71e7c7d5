import Crystals
import Foundation

/// How other programs lay a structure out in JSON.
extension StructureJSON {
    /// The same structure as `lattice`, `species` and `frac_coords` or `cart_coords`; the object itself if it is in
    /// none of the layouts of ASE (its JSON database, `todict`), JARVIS and OPTIMADE.
    static func plain(_ object: [String: Any]) -> [String: Any] {
        if object["cell"] != nil, object["positions"] != nil { return ofASE(object) ?? object }
        if let atoms = object["atoms"] as? [String: Any], atoms["lattice_mat"] != nil { return ofJARVIS(atoms) }
        if object["lattice_mat"] != nil { return ofJARVIS(object) }
        if let attributes = object["attributes"] as? [String: Any], attributes["lattice_vectors"] != nil {
            return ofOPTIMADE(attributes)
        }
        return object["lattice_vectors"] == nil ? object : ofOPTIMADE(object)
    }

    /// Whether an object is a structure in one of these layouts.
    static func isDialect(_ object: [String: Any]) -> Bool {
        let inner = object["atoms"] as? [String: Any] ?? object["attributes"] as? [String: Any] ?? object
        return inner["lattice_mat"] != nil || inner["lattice_vectors"] != nil
            || inner["cell"] != nil && inner["positions"] != nil
    }

    private static func ofASE(_ object: [String: Any]) -> [String: Any]? {
        let cell = (object["cell"] as? [String: Any])?["array"] ?? object["cell"]
        guard let lattice = cell.map(array) else { return nil }
        var plain: [String: Any] = ["lattice": lattice]
        if let numbers = object["numbers"].map({ numbers(array($0)) }), !numbers.isEmpty {
            plain["species"] = numbers.map { number in
                Int(exactly: number).flatMap(Element.init(atomicNumber:))?.symbol ?? "number \(number)"
            }
        } else if let symbols = object["symbols"].map(array) as? [Any] {
            plain["species"] = symbols
        } else {
            return nil
        }
        plain["cart_coords"] = object["positions"].map(array)
        plain["pbc"] = object["pbc"].map(array)
        return plain
    }

    private static func ofJARVIS(_ atoms: [String: Any]) -> [String: Any] {
        var plain: [String: Any] = [:]
        plain["lattice"] = atoms["lattice_mat"]
        plain["species"] = atoms["elements"]
        let isCartesian = (atoms["cartesian"] as? NSNumber)?.boolValue ?? false
        plain[isCartesian ? "cart_coords" : "frac_coords"] = atoms["coords"]
        return plain
    }

    private static func ofOPTIMADE(_ attributes: [String: Any]) -> [String: Any] {
        var plain: [String: Any] = [:]
        plain["lattice"] = attributes["lattice_vectors"]
        plain["cart_coords"] = attributes["cartesian_site_positions"]
        plain["pbc"] = attributes["dimension_types"]
        var symbols: [String: String] = [:]
        for kind in attributes["species"] as? [[String: Any]] ?? [] {
            guard let name = kind["name"] as? String, let members = kind["chemical_symbols"] as? [String] else {
                continue
            }
            let shares = numbers(kind["concentration"])
            let isWhole = members.count == 1 && (shares.first ?? 1) > 0.999 && kind["attached"] as? [Any] == nil
            symbols[name] = isWhole ? members[0] : "disordered \(name)"
        }
        if let sites = attributes["species_at_sites"] as? [String] {
            plain["species"] = sites.map { symbols[$0] ?? $0 }
        }
        return plain
    }

    /// An array as it is, or as ASE writes those of NumPy: `{"__ndarray__": [shape, type, values]}`.
    private static func array(_ value: Any) -> Any {
        guard let parts = (value as? [String: Any])?["__ndarray__"] as? [Any], parts.count == 3,
            let values = parts[2] as? [Any]
        else { return value }
        let shape = numbers(parts[0]).compactMap { Int(exactly: $0) }
        guard shape.count == 2, shape[1] > 0, values.count.isMultiple(of: shape[1]),
            values.count / shape[1] == shape[0]
        else { return values }
        return stride(from: 0, to: values.count, by: shape[1]).map { Array(values[$0..<$0 + shape[1]]) }
    }

    /// The entries of an object that holds several under their names, such as `{"mp-1": {...}, "mp-2": {...}}` or a
    /// database of ASE; nil if it is none.
    static func named(_ object: [String: Any]) -> [(name: String, value: [String: Any])]? {
        if let ids = object["ids"] as? [Any] {
            let rows = numbers(ids).compactMap { id in
                Int(exactly: id).flatMap { id in (object["\(id)"] as? [String: Any]).map { ("\(id)", $0) } }
            }
            return rows.count == ids.count && !rows.isEmpty ? rows : nil
        }
        let values = object.compactMapValues { $0 as? [String: Any] }
        guard values.count == object.count, !values.isEmpty, values.values.allSatisfy(isEntry) else { return nil }
        return values.sorted { $0.key.localizedStandardCompare($1.key) == .orderedAscending }.map { ($0.key, $0.value) }
    }

    private static func isEntry(_ object: [String: Any]) -> Bool {
        object["structure"] is [String: Any] || object["lattice"] != nil && object["sites"] ?? object["species"] != nil
            || object["composition"] != nil && object["energy"] ?? object["energy_per_atom"] != nil
    }
}
