package import Crystals

/// What a data block of a CIF says about a crystal.
package struct CIFContent: Sendable {
    /// One site of the asymmetric unit.
    package struct Site: Sendable {
        package let element: Element
        package let place: SitePlace

        /// Fractional coordinates; thirds and sixths with few decimals are completed.
        package var position: SIMD3<Double> { place.position }
    }

    /// Where a site stands, in the crystal and in the file.
    package struct SitePlace: Sendable, CustomStringConvertible {
        /// The name that the file gives it.
        package let label: String
        /// The line of its row, from 1.
        package let line: Int
        /// Fractional coordinates; thirds and sixths with few decimals are completed.
        package let position: SIMD3<Double>

        /// For messages, such as "Si2 (line 14)".
        package var description: String { "\(label) (line \(line))" }
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
    /// The formula, where the file gives one that can be read.
    let formula: ChemicalFormula?
    /// Hydrogens that the file states without positions.
    let attachedHydrogens: Double
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
        try CIFContent.requireOneMeaning(document, block)
        name = block.name
        lattice = try CIFContent.lattice(document, block)
        let listed = try CIFSiteTable(document, loop)
        let symmetry = try CIFSymmetry(document, block, loop, lattice: lattice)
        spaceGroup = symmetry.spaceGroup
        operations = symmetry.operations
        formula = CIFContent.formula(document, block)
        let table = listed.moved(to: try symmetry.settledPositions())
        attachedHydrogens = table.attachedHydrogens
        let (cell, images) = (try? lattice.cell(), operations)
        sites = try table.sites(formula: formula) { position in
            guard let cell else { return 1 }
            return CIFContent.orbit(of: position, operations: images, cell: cell, tolerance: 0.02).count
        }
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

    /// The sum formula; where the file has none that reads, the first of the other kinds that does.
    static func formula(_ document: CIFDocument, _ block: CIFDocument.Block) -> ChemicalFormula? {
        for kind in ["sum", "moiety", "structural"] {
            for tag in ["_chemical_formula_" + kind, "_chemical_formula." + kind] {
                guard let value = block.values[tag], document.isGiven(value),
                    let formula = ChemicalFormula(document.text(value))
                else { continue }
                return formula
            }
        }
        return nil
    }

    /// A third or sixth written with few decimals, such as 0.3333, in full.
    static func completed(_ value: Double, digits: ArraySlice<UInt8>) -> Double {
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
