/// What a data block of a CIF says about a crystal.
package struct CIFContent: Sendable {
    /// One site of the asymmetric unit.
    package struct Site: Sendable {
        package let element: Element
        /// Fractional coordinates; thirds and sixths with few decimals are completed.
        package let position: SIMD3<Double>
    }

    /// The name of the data block.
    package let name: String
    /// Lengths (Å) and angles (degrees) as given.
    package let lattice: LatticeParameters
    /// The number of the space group, where it is given or the symbol tells.
    package let spaceGroup: SpaceGroup?
    /// The symmetry operations; the identity alone where no symmetry is given.
    package let operations: [AffineOperation]
    package let sites: [Site]
}

extension CIFContent {
    /// Reads the first data block that holds atoms.
    /// - Parameter bytes: the text of the CIF.
    /// - Throws: ``StructureFileError``.
    package init(_ bytes: [UInt8]) throws(StructureFileError) {
        let document = try CIFDocument(bytes)
        let block = document.blocks.first { CIFContent.atomLoop($0) != nil } ?? document.blocks.last
        guard let block else { throw .cif(.noDataBlock, detail: "") }
        try self.init(document, block)
    }

    /// Reads every data block that holds atoms; a file without any gives the one error.
    package static func all(_ bytes: [UInt8]) throws(StructureFileError) -> [Result<CIFContent, StructureFileError>] {
        let document = try CIFDocument(bytes)
        var blocks = document.blocks.filter { atomLoop($0) != nil }
        if blocks.isEmpty { blocks = document.blocks.suffix(1) }
        guard !blocks.isEmpty else { throw .cif(.noDataBlock, detail: "") }
        return blocks.map { block in
            do throws(StructureFileError) {
                return .success(try CIFContent(document, block))
            } catch {
                return .failure(error)
            }
        }
    }

    private static func atomLoop(_ block: CIFDocument.Block) -> CIFDocument.Loop? {
        block.loops.first { $0.column("_atom_site_fract_x", "_atom_site.fract_x") != nil }
    }

    private init(_ document: CIFDocument, _ block: CIFDocument.Block) throws(StructureFileError) {
        guard let loop = CIFContent.atomLoop(block), loop.rowCount > 0 else {
            let isCartesian = block.loops.contains { $0.column("_atom_site_cartn_x", "_atom_site.cartn_x") != nil }
            throw .cif(isCartesian ? .cartesianOnly : .noAtoms, detail: "data block \"\(block.name)\"")
        }
        name = block.name
        lattice = try CIFContent.lattice(document, block)
        let symmetry = try CIFSymmetry(document, block)
        spaceGroup = symmetry.spaceGroup
        operations = symmetry.operations
        sites = try CIFContent.sites(document, loop)
    }

    private static func lattice(
        _ document: CIFDocument, _ block: CIFDocument.Block
    ) throws(StructureFileError) -> LatticeParameters {
        var values: [Double] = []
        for name in ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"] {
            guard let value = block.values["_cell_" + name] ?? block.values["_cell." + name],
                let number = document.number(value)
            else { throw .cif(.noCell, detail: "_cell_\(name) is missing or no number") }
            values.append(number)
        }
        let lattice = LatticeParameters(values: values)
        do {
            _ = try lattice.cell()
        } catch {
            throw .cif(.cellWithoutVolume, detail: "\(values)")
        }
        return lattice
    }

    private static func sites(
        _ document: CIFDocument, _ loop: CIFDocument.Loop
    ) throws(StructureFileError) -> [Site] {
        guard let x = loop.column("_atom_site_fract_x", "_atom_site.fract_x"),
            let y = loop.column("_atom_site_fract_y", "_atom_site.fract_y"),
            let z = loop.column("_atom_site_fract_z", "_atom_site.fract_z")
        else { throw .cif(.missingCoordinate, detail: "a column of fractional coordinates is missing") }
        let type = loop.column("_atom_site_type_symbol", "_atom_site.type_symbol")
        let label = loop.column("_atom_site_label", "_atom_site.label", "_atom_site.id", "_atom_site_id")
        guard type != nil || label != nil else { throw .cif(.unknownElement, detail: "no column of symbols or labels") }
        let occupancy = loop.column("_atom_site_occupancy", "_atom_site.occupancy")
        var sites: [Site] = []
        var partial: (name: String, value: Double)?
        let width = loop.names.count
        for row in 0..<loop.rowCount {
            func value(_ column: Int) -> CIFDocument.Value { loop.values[row * width + column] }
            let named = type.map(value).flatMap { document.isGiven($0) ? $0 : nil }
            guard let symbol = named ?? label.map(value) else {
                throw .cif(.unknownElement, detail: "row \(row + 1) has no symbol")
            }
            let text = document.text(symbol)
            guard let element = Element(label: text) else { throw .cif(.unknownElement, detail: text) }
            var position = SIMD3<Double>.zero
            for (axis, column) in [x, y, z].enumerated() {
                guard let number = document.number(value(column)), number.magnitude < 1e6 else {
                    throw .cif(.missingCoordinate, detail: "\(document.text(label.map(value) ?? symbol))")
                }
                position[axis] = completed(number, digits: document.bytes[value(column).range])
            }
            if let occupancy, document.isGiven(value(occupancy)) {
                guard let share = document.number(value(occupancy)) else {
                    throw .cif(.partialOccupancy, detail: "occupancy of \(text) is no number")
                }
                guard share < 1.001 else { throw .cif(.occupancyAboveOne, detail: "\(text): \(share)") }
                if share < 0.999, partial == nil { partial = (text, share) }
            }
            sites.append(Site(element: element, position: position))
        }
        if let partial {
            if let pair = coincidingElements(sites) { throw .cif(.twoElementsOnOneSite, detail: pair) }
            throw .cif(.partialOccupancy, detail: "\(partial.name): \(partial.value)")
        }
        return sites
    }

    /// The names of two different elements with equal coordinates; nil if there are none.
    private static func coincidingElements(_ sites: [Site]) -> String? {
        var seen: [SIMD3<Int>: Element] = [:]
        for site in sites {
            let position = wrapped(site.position) * 1e4
            let key = SIMD3(Int(position.x.rounded()), Int(position.y.rounded()), Int(position.z.rounded()))
            if let other = seen[key], other != site.element { return "\(other.symbol), \(site.element.symbol)" }
            seen[key] = site.element
        }
        return nil
    }

    /// A third or sixth written with few decimals, such as 0.3333, in full.
    private static func completed(_ value: Double, digits: ArraySlice<UInt8>) -> Double {
        let sixths = (6 * value).rounded()
        guard (6 * value - sixths).magnitude < 6e-4, !sixths.truncatingRemainder(dividingBy: 3).isZero else {
            return value
        }
        // As many decimals as there are must agree, rounded or cut off.
        guard let point = digits.firstIndex(of: UInt8(ascii: ".")) else { return value }
        let decimals = digits[(point + 1)...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
        guard (4...8).contains(decimals) else { return value }
        var unit = 1.0
        for _ in 0..<decimals { unit /= 10 }
        return (value - sixths / 6).magnitude < unit ? sixths / 6 : value
    }
}

extension Element {
    /// The element that a label such as "Fe1A", "O2-" or "Cl" begins with.
    package init?(label: String) {
        let letters = label.prefix { $0.isASCII && $0.isLetter }
        guard let first = letters.first else { return nil }
        if letters.count >= 2 {
            let second = letters[letters.index(after: letters.startIndex)]
            let two = first.uppercased() + second.lowercased()
            // "Fe", "FE" and "fe" are iron; "OW" is an oxygen with a suffix.
            if let element = Element(symbol: two) {
                self = element
                return
            }
            // What looks like a symbol must be one, but for the O and H of water.
            let isSuffixed = second.isUppercase || letters.count > 2 || "OHCN".contains(first.uppercased())
            guard isSuffixed else { return nil }
        }
        self.init(symbol: first.uppercased())
    }
}
