extension SpaceGroup {
    private var entry: SpaceGroupTable.Entry { SpaceGroupTable.shared.entries[number - 1] }

    /// The short Hermann-Mauguin symbol, such as "Fm-3m" or "P2_1/c".
    package var symbol: String { entry.symbol }

    package var centring: Centring { entry.centring }

    /// The general position in the conventional cell: the identity first, then block by block of the centring.
    /// Unique axis b, cell choice 1; hexagonal axes; origin choice 2.
    package var operations: [AffineOperation] { entry.operations }

    /// The Wyckoff positions in the order of their letters; the last is the general one.
    package var wyckoffPositions: [WyckoffPosition] { entry.positions }

    /// The position of an index (1 = "a", 27 = "A"); nil if the group has none of it.
    package func position(wyckoff index: Int) -> WyckoffPosition? {
        let positions = entry.positions
        return positions.indices.contains(index - 1) ? positions[index - 1] : nil
    }

    /// The number that spglib gives the setting of the table, 1...530.
    package var hallNumber: Int { entry.hallNumber }

    /// What to add to coordinates to reach the setting of the table, for operations that are those of the table or of
    /// the group's other origin; nil for operations of any other setting or group.
    package func originShift(from operations: [AffineOperation]) -> SIMD3<Double>? {
        let entry = self.entry
        guard operations.count == entry.operations.count else { return nil }
        var codes: [Int] = []
        codes.reserveCapacity(operations.count)
        for operation in operations {
            guard let code = operation.code else { return nil }
            codes.append(code)
        }
        codes.sort()
        if codes == entry.operationCodes { return .zero }
        return codes == entry.otherOriginCodes ? entry.originShift : nil
    }
}
