import Crystals

/// The rows of the loop of atoms, before each row's element is known for certain.
struct CIFSiteTable {
    struct Row {
        let symbol: SiteSymbol
        /// The text that tells the element: the type, else the label.
        let name: String
        let isByType: Bool
        let site: CIFContent.SitePlace
    }

    let rows: [Row]
    /// Hydrogens that are stated beside their carriers, without positions.
    let attachedHydrogens: Double

    /// Reads the loop.
    /// - Throws: ``StructureFileError/cif(_:detail:)``: no element, no coordinates, partial occupancy.
    init(_ document: CIFDocument, _ loop: CIFDocument.Loop) throws(StructureFileError) {
        guard let x = loop.column("_atom_site_fract_x", "_atom_site.fract_x"),
            let y = loop.column("_atom_site_fract_y", "_atom_site.fract_y"),
            let z = loop.column("_atom_site_fract_z", "_atom_site.fract_z")
        else { throw .cif(.missingCoordinate, detail: "a column of fractional coordinates is missing") }
        let type = loop.column("_atom_site_type_symbol", "_atom_site.type_symbol")
        let label = loop.column("_atom_site_label", "_atom_site.label", "_atom_site.id", "_atom_site_id")
        guard type != nil || label != nil else { throw .cif(.unknownElement, detail: "no column of symbols or labels") }
        let occupancy = loop.column("_atom_site_occupancy", "_atom_site.occupancy")
        let flag = loop.column("_atom_site_calc_flag", "_atom_site.calc_flag")
        let hydrogens = loop.column("_atom_site_attached_hydrogens", "_atom_site.attached_hydrogens")
        var disorder = CIFDisorder(loop)
        var rows: [Row] = []
        rows.reserveCapacity(loop.rowCount)
        var attached = 0.0
        var partial: (name: String, value: Double)?
        let width = loop.names.count
        var line = 1
        var lineOffset = 0
        for row in 0..<loop.rowCount {
            func given(_ column: Int?) -> CIFDocument.Value? {
                column.map { loop.values[row * width + $0] }.flatMap { document.isGiven($0) ? $0 : nil }
            }
            func value(_ column: Int) -> CIFDocument.Value { loop.values[row * width + column] }
            let start = value(0).range.lowerBound
            line += document.bytes[lineOffset..<start].count { $0 == UInt8(ascii: "\n") }
            lineOffset = start
            guard let named = given(type) ?? given(label) else {
                throw .cif(.unknownElement, detail: "row \(row + 1) of the atoms, line \(line), has no symbol")
            }
            let name = document.text(named)
            let place = CIFContent.SitePlace(
                label: given(label).map(document.text) ?? name, line: line,
                position: SIMD3(
                    try CIFSiteTable.coordinate(document, value(x), of: given(label) ?? named),
                    try CIFSiteTable.coordinate(document, value(y), of: given(label) ?? named),
                    try CIFSiteTable.coordinate(document, value(z), of: given(label) ?? named)))
            if let flag = given(flag), document.text(flag).lowercased() == "dum" {
                throw .cif(.noElement, detail: "\(place) is a dummy (calc_flag dum): take its row out")
            }
            let symbol = given(type) == nil ? SiteSymbol(label: name) : SiteSymbol(type: name)
            guard !symbol.candidates.isEmpty else {
                throw .cif(
                    symbol.reason == CIFProblem.unknownElement.rawValue ? .unknownElement : .noElement,
                    detail: "\(place)\(name == place.label ? "" : " of type \(name)"): \(symbol.reason)")
            }
            if let occupancy = given(occupancy) {
                guard let share = document.number(occupancy) else {
                    throw .cif(.partialOccupancy, detail: "occupancy of \(place) is no number")
                }
                guard share < 1.001 else { throw .cif(.occupancyAboveOne, detail: "\(place): \(share)") }
                if share < 0.999, partial == nil { partial = ("\(place)", share) }
            }
            if partial == nil { try disorder.add(place) { given($0).map(document.text) } }
            if let count = given(hydrogens).flatMap(document.number) { attached += max(0, count) }
            rows.append(Row(symbol: symbol, name: name, isByType: given(type) != nil, site: place))
        }
        if let partial {
            if let pair = CIFSiteTable.coinciding(rows) { throw .cif(.twoElementsOnOneSite, detail: pair) }
            throw .cif(.partialOccupancy, detail: "\(partial.name): \(partial.value)")
        }
        self.rows = rows
        attachedHydrogens = attached
    }

    private init(rows: [Row], attachedHydrogens: Double) {
        self.rows = rows
        self.attachedHydrogens = attachedHydrogens
    }

    /// The same rows at other positions.
    func moved(to positions: [SIMD3<Double>]) -> CIFSiteTable {
        let moved = zip(rows, positions).map { row, position in
            Row(
                symbol: row.symbol, name: row.name, isByType: row.isByType,
                site: CIFContent.SitePlace(label: row.site.label, line: row.site.line, position: position))
        }
        return CIFSiteTable(rows: moved, attachedHydrogens: attachedHydrogens)
    }

    private static func coordinate(
        _ document: CIFDocument, _ value: CIFDocument.Value, of name: CIFDocument.Value
    ) throws(StructureFileError) -> Double {
        guard let number = document.number(value), number.magnitude < 1e6 else {
            throw .cif(.missingCoordinate, detail: document.text(name))
        }
        return CIFContent.completed(number, digits: document.bytes[value.range])
    }

    /// The labels of two different elements with equal coordinates; nil if there are none.
    private static func coinciding(_ rows: [Row]) -> String? {
        var seen: [SIMD3<Int>: Row] = [:]
        for row in rows {
            let position = wrapped(row.site.position) * 1e4
            let key = SIMD3(Int(position.x.rounded()), Int(position.y.rounded()), Int(position.z.rounded()))
            if let other = seen[key], other.symbol.candidates.first != row.symbol.candidates.first {
                return "\(other.site) and \(row.site)"
            }
            seen[key] = row
        }
        return nil
    }
}

extension CIFSiteTable {
    /// The sites with their elements, as the names and the formula tell.
    /// - Parameter multiplicity: how many atoms a position stands for.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` for a name that may be several elements, or none of the formula.
    func sites(
        formula: ChemicalFormula?, multiplicity: (SIMD3<Double>) -> Int
    ) throws(StructureFileError) -> [CIFContent.Site] {
        var elements: [Element?] = []
        elements.reserveCapacity(rows.count)
        for row in rows {
            let left = row.symbol.candidates(under: formula)
            // What is clear by itself stands; the atoms as a whole are held against the formula later.
            if left.isEmpty, row.symbol.isClear, row.isByType {
                elements.append(row.symbol.candidates.first)
                continue
            }
            guard !left.isEmpty else {
                let choices = row.symbol.candidates.map(\.symbol).joined(separator: " or ")
                throw .cif(
                    .unclearElement,
                    detail: "\(row.site) may be \(choices), but the formula \(formula?.text ?? "") has none: "
                        + "correct the formula or the label, or add a column _atom_site_type_symbol")
            }
            if formula == nil, !row.symbol.isClear { throw unclear(row, formula) }
            elements.append(left.count == 1 ? left[0] : nil)
        }
        if elements.contains(nil) {
            let settled = try counted(elements, formula: formula, multiplicity: multiplicity)
            elements = settled
        }
        return zip(rows, elements).compactMap { row, element in
            element.map { CIFContent.Site(element: $0, place: row.site) }
        }
    }

    /// The one choice, the same for all names that begin alike, with which the atoms make the formula.
    private func counted(
        _ elements: [Element?], formula: ChemicalFormula?, multiplicity: (SIMD3<Double>) -> Int
    ) throws(StructureFileError) -> [Element?] {
        var groups: [(word: String, choices: [Element])] = []
        var known: [Element: Double] = [:]
        var open: [String: Double] = [:]
        for (row, element) in zip(rows, elements) {
            let count = Double(multiplicity(row.site.position))
            if let element {
                known[element, default: 0] += count
            } else {
                let word = CIFSiteTable.word(row)
                if open[word] == nil { groups.append((word, row.symbol.candidates(under: formula))) }
                open[word, default: 0] += count
            }
        }
        let combinations = groups.reduce(1) { min($0 * $1.choices.count, 1 << 12) }
        var found: [[String: Element]] = []
        for number in 0..<combinations where found.count < 2 {
            var rest = number
            var choice: [String: Element] = [:]
            var amounts = known
            for (word, choices) in groups {
                let element = choices[rest % choices.count]
                rest /= choices.count
                choice[word] = element
                amounts[element, default: 0] += open[word] ?? 0
            }
            if formula?.composition != nil, formula?.agrees(with: Composition(amounts)) == true { found.append(choice) }
        }
        guard found.count == 1, combinations < 1 << 12 else {
            let row = zip(rows, elements).first { $0.1 == nil }?.0 ?? rows[0]
            throw unclear(row, formula)
        }
        return zip(rows, elements).map { row, element in element ?? found[0][CIFSiteTable.word(row)] }
    }

    private static func word(_ row: Row) -> String { "\(row.name.prefix { $0.isLetter })" }

    private func unclear(_ row: Row, _ formula: ChemicalFormula?) -> StructureFileError {
        let choices = row.symbol.candidates.map(\.symbol).joined(separator: " or ")
        let evidence = formula.map { "the formula \($0.text) does not decide" } ?? "there is no formula to decide"
        return .cif(
            .unclearElement,
            detail: "\(row.site) may be \(choices), and \(evidence): add a column _atom_site_type_symbol")
    }
}
