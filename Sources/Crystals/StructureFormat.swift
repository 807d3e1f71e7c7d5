/// The file formats of structures.
package enum StructureFormat: String, Sendable, CaseIterable {
    case cif, extxyz, poscar, csv, json, jsonl

    /// The format that a file name tells, a `.gz` or `.bz2` at the end set aside; nil if it tells none.
    package init?(path: String) {
        var name = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        for suffix in [".gz", ".bz2"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        if name.hasPrefix("poscar") || name.hasPrefix("contcar") {
            self = .poscar
            return
        }
        switch name.split(separator: ".", omittingEmptySubsequences: false).last {
        case "cif": self = .cif
        case "xyz", "extxyz": self = .extxyz
        case "vasp", "poscar": self = .poscar
        case "csv": self = .csv
        case "json": self = .json
        case "jsonl", "ndjson": self = .jsonl
        default: return nil
        }
    }
}
