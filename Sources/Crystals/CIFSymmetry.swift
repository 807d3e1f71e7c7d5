import CSpglib

/// The symmetry that a data block of a CIF states: operations, else a symbol, else a number, else none.
struct CIFSymmetry {
    let spaceGroup: SpaceGroup?
    let operations: [AffineOperation]

    init(_ document: CIFDocument, _ block: CIFDocument.Block) throws(StructureFileError) {
        func given(_ names: [String]) -> CIFDocument.Value? {
            names.lazy.compactMap { block.values[$0] }.first { document.isGiven($0) }
        }
        var number: Int?
        if let value = given(CIFSymmetry.numberNames) {
            guard let parsed = document.number(value), parsed == parsed.rounded(), (1...230).contains(parsed) else {
                throw .cif(.unknownSpaceGroup, detail: document.text(value))
            }
            number = Int(parsed)
        }
        if let operations = try CIFSymmetry.operations(document, block), !operations.isEmpty {
            self.operations = operations
            spaceGroup = number.flatMap(SpaceGroup.init(number:))
            return
        }
        if let value = given(CIFSymmetry.symbolNames) {
            let symbol = document.text(value)
            guard let setting = SpaceGroupSetting(symbol: symbol, number: number) else {
                throw .cif(.unknownSpaceGroup, detail: symbol)
            }
            operations = setting.operations
            spaceGroup = setting.spaceGroup
        } else if let number, let group = SpaceGroup(number: number) {
            guard let setting = SpaceGroupSetting(number: number) else {
                throw .cif(.unknownSpaceGroup, detail: "\(number)")
            }
            operations = setting.operations
            spaceGroup = group
        } else {
            operations = [.identity]
            spaceGroup = nil
        }
    }

    private static let numberNames = [
        "_symmetry_int_tables_number", "_space_group_it_number", "_space_group.it_number",
        "_symmetry.int_tables_number",
    ]
    private static let symbolNames = [
        "_symmetry_space_group_name_h-m", "_space_group_name_h-m_alt", "_space_group_name_h-m_ref",
        "_space_group_name_h-m", "_space_group.name_h-m_alt", "_space_group.name_h-m_full",
        "_symmetry.space_group_name_h-m",
    ]
    private static let operationNames = [
        "_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz", "_space_group_symop.operation_xyz",
        "_symmetry_equiv.pos_as_xyz",
    ]

    /// The listed operations; nil if there is no list.
    private static func operations(
        _ document: CIFDocument, _ block: CIFDocument.Block
    ) throws(StructureFileError) -> [AffineOperation]? {
        for name in operationNames {
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
                guard let operation = AffineOperation(triplet: document.bytes[value.range]),
                    operation.determinant.magnitude > 0.5
                else { throw .cif(.unreadableOperation, detail: document.text(value)) }
                operations.append(operation)
            }
            return operations
        }
        return nil
    }
}

/// One of the 530 settings that spglib lists.
struct SpaceGroupSetting {
    let spaceGroup: SpaceGroup
    let hallNumber: Int

    /// The default setting of a number: the first in the list.
    init?(number: Int) {
        guard let hall = (1...530).first(where: { spg_get_spacegroup_type(Int32($0)).number == number }) else {
            return nil
        }
        self.init(hallNumber: hall)
    }

    /// The setting of a Hermann-Mauguin symbol, blanks and underscores ignored, "F m -3 m :2" and such included.
    init?(symbol: String, number: Int?) {
        let parts = symbol.split(separator: ":", maxSplits: 1)
        let choice = parts.count > 1 ? SpaceGroupSetting.normalized(String(parts[1])) : nil
        let wanted = parts.first.map { SpaceGroupSetting.normalized(String($0)) } ?? ""
        for hall in 1...530 {
            let type = spg_get_spacegroup_type(Int32(hall))
            if let number, Int(type.number) != number { continue }
            if let choice, SpaceGroupSetting.normalized(cString(type.choice)) != choice { continue }
            var names = [cString(type.international_short), cString(type.international_full)]
            names += cString(type.international).split(separator: "=").map(String.init)
            if names.contains(where: { SpaceGroupSetting.normalized($0) == wanted }) {
                self.init(hallNumber: hall)
                return
            }
        }
        // The symbol is foreign, the number decides.
        guard let number else { return nil }
        self.init(number: number)
    }

    private init?(hallNumber: Int) {
        guard let group = SpaceGroup(number: Int(spg_get_spacegroup_type(Int32(hallNumber)).number)) else { return nil }
        spaceGroup = group
        self.hallNumber = hallNumber
    }

    private static func normalized(_ symbol: String) -> String {
        symbol.filter { !$0.isWhitespace && $0 != "_" && $0 != "'" && $0 != "(" && $0 != ")" }.lowercased()
    }

    /// The operations of the setting, the identity first.
    var operations: [AffineOperation] {
        var rotations = [Int32](repeating: 0, count: 192 * 9)
        var translations = [Double](repeating: 0, count: 192 * 3)
        let count = rotations.withUnsafeMutableBytes { rotations in
            translations.withUnsafeMutableBytes { translations in
                spg_get_symmetry_from_database(
                    rotations.assumingMemoryBound(
                        to: ((Int32, Int32, Int32), (Int32, Int32, Int32), (Int32, Int32, Int32)).self
                    ).baseAddress,
                    translations.assumingMemoryBound(to: (Double, Double, Double).self).baseAddress, Int32(hallNumber))
            }
        }
        return (0..<Int(count)).map { index in
            func column(_ column: Int) -> SIMD3<Double> {
                SIMD3(
                    Double(rotations[9 * index + column]), Double(rotations[9 * index + 3 + column]),
                    Double(rotations[9 * index + 6 + column]))
            }
            return AffineOperation(
                columns: (column(0), column(1), column(2)),
                translation: SIMD3(
                    translations[3 * index], translations[3 * index + 1], translations[3 * index + 2]))
        }
    }
}

/// The text of a C array of characters, up to the first zero.
private func cString<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
