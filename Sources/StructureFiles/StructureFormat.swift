/// The file formats of structures.
package enum StructureFormat: String, Sendable, CaseIterable {
    case cif, extxyz, poscar, csv, json, jsonl

    /// The format that a file name tells, a `.gz` or `.bz2` at the end set aside; nil if it tells none. The extension
    /// decides ("POSCAR.cif" is a CIF); a name without one that is known may begin or end with POSCAR or CONTCAR.
    package init?(path: String) {
        var name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        for suffix in [".gz", ".bz2"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        switch parts.count > 1 ? parts.last : nil {
        case "cif", "mcif": self = .cif
        case "xyz", "extxyz": self = .extxyz
        case "vasp", "poscar", "contcar": self = .poscar
        case "csv", "tsv": self = .csv
        case "json": self = .json
        case "jsonl", "ndjson": self = .jsonl
        default:
            guard ["poscar", "contcar"].contains(where: { name.hasPrefix($0) || name.hasSuffix($0) }) else {
                return nil
            }
            self = .poscar
        }
    }
}
