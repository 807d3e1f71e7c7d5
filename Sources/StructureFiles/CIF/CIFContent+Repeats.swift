extension CIFContent {
    /// Refuses a block that says a thing twice, and not alike: which of the two is meant is not for a reader to guess.
    ///
    /// What is not read, such as who made the file, may stand there as often as it likes.
    /// - Throws: ``StructureFileError/malformed(format:line:reason:)`` with both lines.
    static func requireOneMeaning(
        _ document: CIFDocument, _ block: CIFDocument.Block
    ) throws(StructureFileError) {
        if let (tag, values) = block.repeats.first(where: { isRead($0.tag) }) {
            throw repeated("the tag \(tag)", document, values.0, values.1)
        }
        var seen: [String: [CIFDocument.Value]] = [:]
        for loop in block.loops where loop.rowCount > 0 {
            for (column, name) in loop.names.enumerated() where isList(name) {
                let values = stride(from: column, to: loop.values.count, by: loop.names.count).map { loop.values[$0] }
                guard let others = seen[name] else {
                    seen[name] = values
                    continue
                }
                let isSame = values.count == others.count && zip(values, others).allSatisfy(document.isSame)
                guard isSame else { throw repeated("a loop with \(name)", document, others[0], values[0]) }
            }
        }
    }

    private static func repeated(
        _ what: String, _ document: CIFDocument, _ first: CIFDocument.Value, _ second: CIFDocument.Value
    ) -> StructureFileError {
        .malformed(
            format: "CIF", line: document.line(second),
            reason: "\(what) stands here a second time, with other values than on line \(document.line(first)): leave "
                + "the one that is meant")
    }

    /// Whether a tag by itself decides what the crystal is.
    private static func isRead(_ tag: String) -> Bool {
        if tag.hasPrefix("_chemical_formula") { return tag.hasSuffix("sum") }
        return tag.hasPrefix("_cell_length") || tag.hasPrefix("_cell_angle") || tag.hasPrefix("_cell.length")
            || tag.hasPrefix("_cell.angle") || tag.hasPrefix("_cell_formula_units") || CIFSymmetryTag(tag) != nil
    }

    /// Whether a column is a list of atoms, or of operations.
    private static func isList(_ name: String) -> Bool {
        ["_atom_site_fract_x", "_atom_site.fract_x"].contains(name)
            || CIFSymmetryTag(name) == .operations || CIFSymmetryTag(name) == .magneticOperations
    }
}
