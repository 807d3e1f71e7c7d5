import Crystals

/// What a data block says beside its symmetry that a choice of operations must agree with.
struct CIFSymmetryEvidence {
    struct Site {
        let label: String
        /// nil where the name tells none at once.
        let element: Element?
        let position: SIMD3<Double>
        /// One unit of the last decimal written of each coordinate; 0 where there is no point.
        let unit: SIMD3<Double>
        /// How many such atoms the file says that the cell has.
        let multiplicity: Int?

        /// Whether the decimals written do not tell an image of the site from the site.
        func explains(_ difference: SIMD3<Double>, of operation: AffineOperation) -> Bool {
            let (a, b, c) = operation.columns
            let reach =
                magnitudes(a - SIMD3(1, 0, 0)) * unit.x + magnitudes(b - SIMD3(0, 1, 0)) * unit.y
                + magnitudes(c - SIMD3(0, 0, 1)) * unit.z
            return all(magnitudes(difference) .<= 1.001 * reach + 1e-9)
        }
    }

    let cell: Cell
    let sites: [Site]
    /// `_chemical_formula_sum`, where it reads and has the elements of the sites.
    let formula: [Element: Double]?
    /// `_cell_formula_units_Z`.
    let formulaUnits: Double?

    init(_ document: CIFDocument, _ block: CIFDocument.Block, _ loop: CIFDocument.Loop, cell: Cell) {
        self.cell = cell
        sites = CIFSymmetryEvidence.sites(document, loop)
        func given(_ names: String...) -> CIFDocument.Value? {
            names.lazy.compactMap { block.values[$0] }.first { document.isGiven($0) }
        }
        let amounts = CIFContent.formula(document, block)?.composition?.amounts ?? [:]
        let elements = sites.compactMap(\.element)
        formula = elements.count == sites.count && Set(elements) == Set(amounts.keys) ? amounts : nil
        formulaUnits = given("_cell_formula_units_z", "_cell.formula_units_z").flatMap(document.number)
            .flatMap { $0 > 0 ? $0 : nil }
    }

    private static func sites(_ document: CIFDocument, _ loop: CIFDocument.Loop) -> [Site] {
        let columns = [
            loop.column("_atom_site_fract_x", "_atom_site.fract_x"),
            loop.column("_atom_site_fract_y", "_atom_site.fract_y"),
            loop.column("_atom_site_fract_z", "_atom_site.fract_z"),
        ].compactMap { $0 }
        guard columns.count == 3 else { return [] }
        let label = loop.column("_atom_site_label", "_atom_site.label", "_atom_site.id", "_atom_site_id")
        let type = loop.column("_atom_site_type_symbol", "_atom_site.type_symbol")
        let multiplicity = loop.column(
            "_atom_site_symmetry_multiplicity", "_atom_site.symmetry_multiplicity",
            "_atom_site_site_symmetry_multiplicity")
        return (0..<loop.rowCount).compactMap { row in
            func given(_ column: Int?) -> CIFDocument.Value? {
                column.map { loop.values[row * loop.names.count + $0] }.flatMap { document.isGiven($0) ? $0 : nil }
            }
            var position = SIMD3<Double>.zero
            var unit = SIMD3<Double>.zero
            for (axis, column) in columns.enumerated() {
                let value = loop.values[row * loop.names.count + column]
                let digits = document.bytes[value.range]
                guard let number = document.number(value), number.magnitude < 1e6 else { return nil }
                position[axis] = CIFContent.completed(number, digits: digits)
                unit[axis] = position[axis] == number ? lastUnit(digits) : 0
            }
            let name = given(label).map(document.text) ?? ""
            let count = given(multiplicity).flatMap(document.number).flatMap { Int(exactly: $0) }
            return Site(
                label: name, element: element(given(type).map(document.text) ?? name), position: position, unit: unit,
                multiplicity: count.flatMap { $0 > 0 ? $0 : nil })
        }
    }

    /// The element that a name begins with.
    private static func element(_ name: String) -> Element? {
        let letters = name.prefix { $0.isASCII && $0.isLetter }
        let two = letters.prefix(1).uppercased() + letters.dropFirst().prefix(1).lowercased()
        return Element(symbol: two) ?? Element(symbol: letters.prefix(1).uppercased())
    }

    private static func lastUnit(_ digits: ArraySlice<UInt8>) -> Double {
        guard let point = digits.firstIndex(of: UInt8(ascii: ".")) else { return 0 }
        let decimals = digits[(point + 1)...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        // An exponent moves the point.
        guard !decimals.isEmpty, !digits.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) else { return 0 }
        return (0..<decimals.count).reduce(1) { unit, _ in unit / 10 }
    }
}

extension CIFSymmetryEvidence {
    /// How far the cell is from having the symmetry: 1 for lengths that differ by 0.5 % or angles by 0.3 degrees which
    /// the operations make equal.
    func strain(_ operations: [AffineOperation]) -> Double {
        let own = LatticeParameters(cell).values
        var worst = 0.0
        var seen: Set<AffineOperation> = []
        for operation in operations {
            let (a, b, c) = operation.columns
            // Inversion and centring change nothing.
            let sign = operation.determinant < 0 ? -1.0 : 1
            let rotation = AffineOperation(columns: (sign * a + 0, sign * b + 0, sign * c + 0), translation: .zero)
            guard seen.insert(rotation).inserted else { continue }
            let image = LatticeParameters(
                Cell(a: cell.cartesian(a), b: cell.cartesian(b), c: cell.cartesian(c))
            ).values
            for index in 0..<3 {
                worst = max(worst, (image[index] / own[index] - 1).magnitude / 0.005)
                worst = max(worst, (image[index + 3] - own[index + 3]).magnitude / 0.3)
            }
        }
        return worst
    }

    /// What the operations make of the sites.
    struct Assessment {
        /// Every atom of the cell.
        var atoms: [(element: Element?, position: SIMD3<Double>)] = []
        /// What they contradict that the file states of its symmetry: multiplicities, or Z.
        var contradiction: String?
        /// Why they cannot be right where there is another choice: atoms too close, or not the formula.
        var objection: String?
        /// Whether Z or multiplicities speak for them.
        var isConfirmed = false
    }

    /// What the atoms contradict if they are all that there are: multiplicities or Z; nil if nothing.
    var contradictionOfListedAtoms: String? {
        guard formula != nil && formulaUnits != nil || sites.contains(where: { $0.multiplicity != nil }) else {
            return nil
        }
        return assess([.identity]).contradiction
    }

    func assess(_ operations: [AffineOperation]) -> Assessment {
        var result = Assessment()
        let orbits = sites.map { SiteOrbit($0, operations: operations, cell: cell) }
        for (site, orbit) in zip(sites, orbits) {
            if orbit.conflict != nil { result.objection = "\(site.label) is too near its own image" }
            let twin = result.atoms.first { atom in
                cell.length(nearestImage(atom.position - orbit.images[0])) < 0.02
            }
            if let twin {
                if twin.element != site.element { result.objection = "\(site.label) is on the site of another atom" }
                continue
            }
            if result.atoms.count <= 500, let first = orbit.images.first,
                result.atoms.contains(where: {
                    cell.length(nearestImage($0.position - first)) < SiteOrbit.nearest
                })
            {
                result.objection = "\(site.label) is too near another atom"
            }
            guard result.atoms.count + orbit.images.count <= StructureReader.maximumAtomCount else { return result }
            result.atoms += orbit.images.map { (site.element, $0) }
        }
        checkMultiplicities(orbits, order: operations.count, &result)
        checkFormula(&result)
        return result
    }

    private func checkMultiplicities(_ orbits: [SiteOrbit], order: Int, _ result: inout Assessment) {
        let stated = zip(sites, orbits).compactMap { site, orbit in
            site.multiplicity.map { (site, $0, orbit.images.count) }
        }
        guard !stated.isEmpty else { return }
        // Some programs write the order of the site symmetry under this name.
        let isOrder = stated.allSatisfy { $0.1 * $0.2 == order }
        if let wrong = stated.first(where: { $0.1 != $0.2 }), !isOrder {
            result.contradiction =
                "\(wrong.0.label) has the multiplicity \(wrong.1) in the file and \(wrong.2) by the operations"
        } else {
            result.isConfirmed = true
        }
    }

    private func checkFormula(_ result: inout Assessment) {
        guard let formula else { return }
        var counts: [Element: Double] = [:]
        for atom in result.atoms { if let element = atom.element { counts[element, default: 0] += 1 } }
        func isCell(_ units: Double) -> Bool {
            formula.allSatisfy { ((counts[$0] ?? 0) - $1 * units).magnitude < 0.02 + 0.002 * $1 * units }
        }
        let ratios = formula.map { (counts[$0] ?? 0) / $1 }
        let (low, high) = (ratios.min() ?? 1, ratios.max() ?? 1)
        guard high - low <= 0.01 * high else {
            result.objection = "the atoms do not make the formula"
            return
        }
        guard let units = formulaUnits else { return }
        // Programs also write the contents of the whole cell as the formula.
        let isWholeCell = formula.values.allSatisfy { ($0 / units - ($0 / units).rounded()).magnitude < 1e-6 }
        if isCell(units) || isWholeCell && isCell(1) {
            result.isConfirmed = true
        } else {
            let found = (100 * (low + high) / 2).rounded() / 100
            result.contradiction =
                "the cell has \(found) formula units by the operations, but Z is "
                + "\((100 * units).rounded() / 100)"
        }
    }
}
