import Crystals

/// The lists of symmetry operations in a CIF.
enum CIFOperations {
    /// The operations of a list for the atoms, or those that listed generators make; nil if there is none.
    static func listed(
        _ document: CIFDocument, _ tags: CIFSymmetryTags
    ) throws(StructureFileError) -> ListedOperations? {
        let operations = try read(document, tags, .operations, isMagnetic: false)
        guard operations.isEmpty else { return operations }
        let generators = try read(document, tags, .generators, isMagnetic: false)
        guard !generators.isEmpty else { return nil }
        guard let operations = AffineOperation.group(generatedBy: generators.completed) else {
            throw .cif(.noGroup, detail: "the \(generators.completed.count) generators make none: list all operations")
        }
        return ListedOperations(operations)
    }

    /// The operations of a magnetic group on positions, time reversal left out; nil if there are none.
    ///
    /// The numbers and symbols of magnetic groups (BNS, OG) tell no setting that could be used in their stead.
    static func magnetic(
        _ document: CIFDocument, _ tags: CIFSymmetryTags
    ) throws(StructureFileError) -> ListedOperations? {
        let operations = try read(document, tags, .magneticOperations, isMagnetic: true)
        guard !operations.isEmpty else {
            let isStated = !(tags.column(.magneticCentring) + tags.column(.magnetic)).isEmpty
            let hasList = try listed(document, tags) != nil
            guard !isStated || hasList else {
                throw .cif(
                    .contradictorySymmetry,
                    detail: "a magnetic space group without its operations: list them in "
                        + "_space_group_symop_magn_operation.xyz")
            }
            return nil
        }
        let centring = try read(document, tags, .magneticCentring, isMagnetic: true)
        guard !centring.isEmpty else { return operations }
        return operations.repeated(by: centring)
    }

    /// Refuses what is listed as the average of a modulated structure.
    /// - Throws: ``StructureFileError/cif(_:detail:)``.
    static func requireNoModulation(
        _ document: CIFDocument, _ block: CIFDocument.Block, _ tags: CIFSymmetryTags
    ) throws(StructureFileError) {
        let dimension = (block.values["_cell_modulation_dimension"] ?? block.values["_cell.modulation_dimension"])
            .flatMap(document.number)
        guard dimension ?? 0 > 0 || !tags.column(.modulated).isEmpty else { return }
        throw .cif(
            .modulated, detail: "the atoms listed are those of its average: give a commensurate cell with every atom")
    }

    private static func read(
        _ document: CIFDocument, _ tags: CIFSymmetryTags, _ kind: CIFSymmetryTag, isMagnetic: Bool
    ) throws(StructureFileError) -> ListedOperations {
        let values = tags.column(kind)
        guard values.count <= 1024 else { throw .cif(.unreadableOperation, detail: "\(values.count) operations") }
        var operations = ListedOperations()
        for value in values {
            var text = document.bytes[value.range]
            let commas = text.count { $0 == UInt8(ascii: ",") }
            if isMagnetic { text = withoutTimeReversal(text) }
            guard let operation = AffineOperation(triplet: text), operation.determinant.magnitude > 0.5 else {
                throw .cif(
                    .unreadableOperation,
                    detail: document.text(value)
                        + (commas < 2 && !value.isQuoted ? ": a triplet with blanks in it stands in quotes" : ""))
            }
            operations.append(operation, text: text)
        }
        return operations
    }

    /// "x,y,z,+1" without its fourth part.
    private static func withoutTimeReversal(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let commas = text.indices.filter { text[$0] == UInt8(ascii: ",") }
        return commas.count == 3 ? text[..<commas[2]] : text
    }

    /// The operations without repetitions, the identity first.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` if they do not form a group, or not one of the cell.
    static func checked(
        _ listed: ListedOperations, _ evidence: CIFSymmetryEvidence
    ) throws(StructureFileError) -> [AffineOperation] {
        for operation in listed.written {
            let isWhole = [operation.columns.0, operation.columns.1, operation.columns.2].allSatisfy {
                all($0 .== $0.rounded(.toNearestOrEven))
            }
            guard isWhole, (operation.determinant.magnitude - 1).magnitude < 1e-6 else {
                throw .cif(.noGroup, detail: "\(operation.triplet) does not map the lattice onto itself")
            }
        }
        guard let operations = listed.group(evidence) else {
            let count = AffineOperation.distinct(listed.written).count
            throw .cif(
                .noGroup, detail: "the product of two of the \(count) operations is not among them: complete the list")
        }
        let strain = evidence.strain(operations)
        guard strain <= 3 else {
            throw .cif(
                .cellAgainstSymmetry, detail: "the operations ask for equal axes or right angles that it does not have")
        }
        guard let identity = operations.firstIndex(where: { $0 == .identity }) else { return operations }
        return [operations[identity]] + operations[..<identity] + operations[(identity + 1)...]
    }
}
