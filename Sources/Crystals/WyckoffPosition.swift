/// A set of points of a space group with conjugate site symmetry: one letter of the International Tables.
package struct WyckoffPosition: Sendable {
    /// "a" ... "z", "A".
    package let letter: String
    /// The index the policy uses: 1 = "a", 26 = "z", 27 = "A".
    package let index: Int
    /// The maps from the coordinates of the first representative to all points of the orbit in the conventional cell.
    /// The first is the representative itself, and applying it twice is applying it once.
    package let operations: [AffineOperation]
    /// The operations that reach the atoms of one primitive cell.
    let primitiveOperations: [AffineOperation]
    /// Which of x, y, z depend on a free parameter (the reference's `fc_mask`; more may be marked than are independent,
    /// as both x and y in "x,x,z").
    package let isFree: [Bool]

    /// The number of points in the conventional cell.
    package var multiplicity: Int { operations.count }
    /// The first coordinate triplet.
    package var representative: AffineOperation { operations[0] }
    /// Whether every coordinate is fixed.
    package var hasNoFreeCoordinate: Bool { !isFree.contains(true) }

    /// - Precondition: there is an operation.
    init(index: Int, operations: [AffineOperation], primitiveOperations: [AffineOperation]) {
        precondition(!operations.isEmpty)
        self.index = index
        self.letter = WyckoffPosition.letter(index: index)
        self.operations = operations
        self.primitiveOperations = primitiveOperations
        self.isFree = operations[0].rows.map { $0 != .zero }
    }

    /// The point of the first representative that fractional coordinates stand for, in [0, 1).
    package func project(_ raw: SIMD3<Double>) -> SIMD3<Double> {
        wrapped(representative.apply(raw))
    }

    /// The letter of an index: 1 = "a", 26 = "z", 27 = "A".
    package static func letter(index: Int) -> String {
        let code = index <= 26 ? Int(UInt8(ascii: "a")) + index - 1 : Int(UInt8(ascii: "A")) + index - 27
        return Unicode.Scalar(UInt8(clamping: code)).description
    }

    /// The index of a letter: "a" = 1, "z" = 26, "A" = 27; nil for any other text.
    package static func index(letter: some StringProtocol) -> Int? {
        guard letter.utf8.count == 1, let byte = letter.utf8.first else { return nil }
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return Int(byte - UInt8(ascii: "a")) + 1
        case UInt8(ascii: "A"): return 27
        default: return nil
        }
    }
}
