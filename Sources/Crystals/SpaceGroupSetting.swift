import CSpglib

/// One of the 530 settings that spglib lists.
package struct SpaceGroupSetting {
    /// The place in spglib's list, 1...530.
    package let hallNumber: Int
    package let spaceGroup: SpaceGroup
    /// spglib's code of axes and origin, such as "b1", "-cba", "2", "1cab", "H"; empty where there is one choice.
    package let choice: String
    /// The Hall symbol, such as "-P 2yn".
    let hallSymbol: String
    /// The symbol of this setting, such as "P 1 2_1/n 1".
    let symbol: String
    /// The symbol with a letter for each axis, such as "P 2_1/n 2_1/m 2_1/a".
    let fullSymbol: String
    package let operations: [AffineOperation]
    /// The codes of the operations in ascending order.
    package let codes: [Int]

    /// All settings; the one of Hall number h at h - 1.
    static let all: [SpaceGroupSetting] = (1...530).compactMap(SpaceGroupSetting.init(hallNumber:))

    /// The settings of a group.
    package static func settings(of group: SpaceGroup) -> [SpaceGroupSetting] {
        all.filter { $0.spaceGroup == group }
    }

    /// The setting with these operations, if there is one.
    package static func setting(operations: [AffineOperation]) -> SpaceGroupSetting? {
        let codes = operations.compactMap(\.code).sorted()
        guard codes.count == operations.count else { return nil }
        return byCodes[codes]
    }

    /// The settings by their Hall symbols without blanks.
    static let byBareHallSymbol = Dictionary(grouping: all) { HallSymbol.bare($0.hallSymbol) }

    private static let byCodes = Dictionary(all.map { ($0.codes, $0) }, uniquingKeysWith: { first, _ in first })

    private init?(hallNumber: Int) {
        let type = spg_get_spacegroup_type(Int32(hallNumber))
        guard let group = SpaceGroup(number: Int(type.number)) else { return nil }
        self.hallNumber = hallNumber
        spaceGroup = group
        choice = cString(type.choice)
        hallSymbol = cString(type.hall_symbol)
        // "P 2_1/c = P 1 2_1/n 1" names the group first, then the setting.
        let names = cString(type.international).split(separator: "=").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        // spglib writes "B b c b" for one of the four settings "B b e b".
        let own = names.count > 1 ? names[1] : names.first ?? ""
        symbol = own == "B b c b" ? "B b e b" : own
        fullSymbol = cString(type.international_full)
        operations = SpaceGroupSetting.operations(hallNumber: hallNumber)
        codes = operations.compactMap(\.code).sorted()
    }

    /// Whether the group has another choice of origin or of rhombohedral and hexagonal axes for these axes.
    var hasOriginOrAxesChoice: Bool { choice == "H" || choice == "R" || choice.first == "1" || choice.first == "2" }

    /// Which axes stand where: "" for the standard ones, else such as "-cba"; the digit of the origin set aside.
    var axes: String { choice.first == "1" || choice.first == "2" ? String(choice.dropFirst()) : choice }

    /// The symbol and what tells settings of equal symbols apart, such as "F d -3 m :2".
    package var name: String { choice.isEmpty ? symbol : "\(symbol) :\(choice)" }

    /// The operations of spglib's table, the identity first.
    private static func operations(hallNumber: Int) -> [AffineOperation] {
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
            let operation = AffineOperation(
                columns: (column(0), column(1), column(2)),
                translation: SIMD3(
                    translations[3 * index], translations[3 * index + 1], translations[3 * index + 2]))
            return operation.tidied
        }
    }
}

/// The text of a C array of characters, up to the first zero, without blanks at its ends.
private func cString<Characters>(_ characters: Characters) -> String {
    let text = withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return text.split(separator: " ").joined(separator: " ")
}
