import Crystals

/// The lists of symmetry operations in a CIF.
enum CIFOperations {
    private static let names = [
        "_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz", "_space_group_symop.operation_xyz",
        "_symmetry_equiv.pos_as_xyz",
    ]
    private static let magneticNames = [
        "_space_group_symop_magn_operation.xyz", "_space_group_symop_magn_operation_xyz",
        "_space_group_symop.magn_operation_xyz",
    ]
    private static let centringNames = [
        "_space_group_symop_magn_centering.xyz", "_space_group_symop_magn_centering_xyz",
        "_space_group_symop.magn_centering_xyz",
    ]

    /// The operations of a list for the atoms; nil if there is none.
    static func listed(
        _ document: CIFDocument, _ block: CIFDocument.Block
    ) throws(StructureFileError) -> [AffineOperation]? {
        let operations = try read(document, block, names, isMagnetic: false)
        return operations.isEmpty ? nil : operations
    }

    /// The operations of a magnetic group on positions, time reversal left out; nil if there are none.
    ///
    /// The numbers and symbols of magnetic groups (BNS, OG) tell no setting that could be used in their stead.
    static func magnetic(
        _ document: CIFDocument, _ block: CIFDocument.Block
    ) throws(StructureFileError) -> [AffineOperation]? {
        let operations = try read(document, block, magneticNames, isMagnetic: true)
        guard !operations.isEmpty else {
            let isMagnetic = block.values.keys.contains { $0.hasPrefix("_space_group_magn") }
            let hasList = try listed(document, block) != nil
            guard !isMagnetic || hasList else {
                throw .cif(
                    .contradictorySymmetry,
                    detail: "a magnetic space group without its operations: list them in "
                        + "_space_group_symop_magn_operation.xyz")
            }
            return nil
        }
        let centring = try read(document, block, centringNames, isMagnetic: true)
        guard !centring.isEmpty else { return operations }
        return centring.flatMap { shift in operations.map { shift.after($0) } }
    }

    private static func read(
        _ document: CIFDocument, _ block: CIFDocument.Block, _ names: [String], isMagnetic: Bool
    ) throws(StructureFileError) -> [AffineOperation] {
        for name in names {
            var values: [CIFDocument.Value] = []
            if let single = block.values[name] {
                values = [single]
            } else if let loop = block.loops.first(where: { $0.names.contains(name) }),
                let column = loop.column(name)
            {
                values = stride(from: column, to: loop.values.count, by: loop.names.count).map { loop.values[$0] }
            } else {
                continue
            }
            guard values.count <= 1024 else { throw .cif(.unreadableOperation, detail: "\(values.count) operations") }
            var operations: [AffineOperation] = []
            operations.reserveCapacity(values.count)
            for value in values where document.isGiven(value) {
                var text = document.bytes[value.range]
                if isMagnetic { text = withoutTimeReversal(text) }
                guard let operation = AffineOperation(triplet: text), operation.determinant.magnitude > 0.5
                else { throw .cif(.unreadableOperation, detail: document.text(value)) }
                operations.append(operation)
            }
            if !operations.isEmpty { return operations }
        }
        return []
    }

    /// "x,y,z,+1" without its fourth part.
    private static func withoutTimeReversal(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let commas = text.indices.filter { text[$0] == UInt8(ascii: ",") }
        return commas.count == 3 ? text[..<commas[2]] : text
    }

    /// The operations without repetitions, the identity first.
    /// - Throws: ``StructureFileError/cif(_:detail:)`` if they are no group, or not one of the cell.
    static func checked(
        _ listed: [AffineOperation], _ evidence: CIFSymmetryEvidence
    ) throws(StructureFileError) -> [AffineOperation] {
        let tidy = listed.map(\.tidied)
        for (operation, original) in zip(tidy, listed) {
            let isWhole = [operation.columns.0, operation.columns.1, operation.columns.2].allSatisfy {
                all($0 .== $0.rounded(.toNearestOrEven))
            }
            guard isWhole, (operation.determinant.magnitude - 1).magnitude < 1e-6 else {
                throw .cif(.noGroup, detail: "\(original.triplet) does not map the lattice onto itself")
            }
        }
        let operations = AffineOperation.distinct(tidy)
        guard operations.count <= AffineOperation.maximumGroupOrder,
            SpaceGroupSetting.setting(operations: operations) != nil || AffineOperation.isGroup(operations)
        else {
            throw .cif(
                .noGroup,
                detail: "the product of two of the \(operations.count) operations is not among them: complete the list")
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
