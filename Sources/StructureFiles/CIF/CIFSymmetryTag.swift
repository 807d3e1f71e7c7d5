/// What a tag of a CIF states of the symmetry, told by its words: programs spell these names in more ways than the
/// dictionaries have, and one that is not known would leave a crystal without its symmetry in silence.
enum CIFSymmetryTag {
    /// A Hermann-Mauguin symbol.
    case symbol
    /// The symbol of the setting that others refer to, which need not be that of the file.
    case referenceSymbol
    case hall
    case number
    /// The code of axes and origin.
    case code
    /// Operations on positions; of the group, of a magnetic group, its centring, or generators of the group.
    case operations
    case magneticOperations
    case magneticCentring
    case generators
    /// Whatever else tells of a magnetic group, or of a group in superspace.
    case magnetic
    case modulated

    /// - Parameter tag: in lower case.
    init?(_ tag: String) {
        switch tag {
        // What nearly all files have, told at once.
        case "_symmetry_space_group_name_h-m", "_space_group_name_h-m_alt": self = .symbol
        case "_symmetry_int_tables_number", "_space_group_it_number": self = .number
        case "_symmetry_space_group_name_hall", "_space_group_name_hall": self = .hall
        case "_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz": self = .operations
        case "_symmetry_equiv_pos_site_id", "_space_group_symop_id", "_symmetry_cell_setting": return nil
        default:
            guard !tag.hasPrefix("_atom_"), !tag.hasPrefix("_cell_"), !tag.hasPrefix("_chemical_") else { return nil }
            self.init(unusual: tag)
        }
    }

    private init?(unusual tag: String) {
        let name = tag.replacing(".", with: "_")
        func has(_ words: String...) -> Bool { words.contains { name.contains($0) } }
        guard has("symmetry", "space_group", "spacegroup"), !has("parent", "atom_site", "cell_setting") else {
            return nil
        }
        if has("_ssg", "superspace") {
            self = .modulated
        } else if has("magn") {
            let isTriplet = name.hasSuffix("xyz") && !name.hasSuffix("mxmymz")
            self =
                isTriplet && has("center", "centring")
                ? .magneticCentring : isTriplet && has("operation") ? .magneticOperations : .magnetic
        } else if name.hasSuffix("xyz"), name.hasPrefix("_s") {
            self = has("generator") ? .generators : .operations
        } else if has("symop", "equiv_pos", "generator", "patterson", "point_group", "laue", "bravais", "transform") {
            return nil
        } else if has("hall") {
            self = .hall
        } else if has("coordinate_system_code") {
            self = .code
        } else if has("number", "tables_no") {
            self = .number
        } else if has("h-m", "h_m", "hermann"), has("_ref") {
            self = .referenceSymbol
        } else if has("h-m", "h_m", "hermann") || has("name") && !has("schoenflies") {
            self = .symbol
        } else {
            return nil
        }
    }
}

/// What a data block states of its symmetry, by kind.
struct CIFSymmetryTags {
    /// The values of tags that have one, those named `_symmetry...` first, then by name; values not given are left out.
    private var single: [CIFSymmetryTag: [CIFDocument.Value]] = [:]
    /// The first column of each kind.
    private var columns: [CIFSymmetryTag: [CIFDocument.Value]] = [:]

    init(_ document: CIFDocument, _ block: CIFDocument.Block) {
        for loop in block.loops where loop.rowCount > 0 {
            for (column, name) in loop.names.enumerated() {
                guard let kind = CIFSymmetryTag(name), columns[kind] == nil else { continue }
                columns[kind] = stride(from: column, to: loop.values.count, by: loop.names.count)
                    .map { loop.values[$0] }.filter { document.isGiven($0) }
            }
        }
        var tags: [(name: String, kind: CIFSymmetryTag, value: CIFDocument.Value)] = []
        for (name, value) in block.values where document.isGiven(value) {
            if let kind = CIFSymmetryTag(name) { tags.append((name, kind, value)) }
        }
        tags.sort { left, right in
            let (isFirst, isSecond) = (left.name.hasPrefix("_symmetry"), right.name.hasPrefix("_symmetry"))
            return isFirst == isSecond ? left.name < right.name : isFirst
        }
        for tag in tags { single[tag.kind, default: []].append(tag.value) }
    }

    /// The values of tags of a kind, one a tag.
    func values(_ kind: CIFSymmetryTag) -> [CIFDocument.Value] { single[kind] ?? [] }

    /// The first column of a kind, or the one value of a tag.
    func column(_ kind: CIFSymmetryTag) -> [CIFDocument.Value] {
        if let column = columns[kind], !column.isEmpty { return column }
        return Array(values(kind).prefix(1))
    }
}
