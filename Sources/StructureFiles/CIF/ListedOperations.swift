import Crystals

/// Symmetry operations as a CIF lists them, in the ways that the decimals of their shifts can be read.
///
/// A shift need not be a simple fraction: in a cell whose origin is arbitrary, 0.494 is 0.494. And 0.33 need not be
/// 0.33, where the operations form a group with a third alone.
struct ListedOperations {
    /// As they are written; what four and more decimals make a third, a sixth, ... of is that: it moves nothing.
    private(set) var written: [AffineOperation] = []
    /// With every shift that its decimals allow to be a multiple of 1/24 set to it.
    private(set) var completed: [AffineOperation] = []
    /// One unit of the last decimal of the roughest shift, fractional; 0 where all are whole or fractions.
    private var unit = 0.0

    /// Closed to this, operations are a group as they stand: six decimals do it.
    private static let exact = 1e-5
    /// The most that a product may be off its place in the list for rounding, fractional: less than half of 1/24.
    private static let loosest = 0.0205

    init() {}

    /// Operations that leave nothing open.
    init(_ operations: [AffineOperation]) {
        written = operations
        completed = operations
    }

    var isEmpty: Bool { written.isEmpty }

    /// Takes an operation with the triplet that it was read from.
    mutating func append(_ given: AffineOperation, text: ArraySlice<UInt8>) {
        let operation = given.withWholeRotation
        guard text.contains(UInt8(ascii: ".")) else {
            written.append(operation)
            completed.append(operation)
            return
        }
        let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        var (asWritten, whole) = (operation.translation, operation.translation)
        for (axis, part) in parts.prefix(3).enumerated() {
            guard let decimals = Self.decimals(of: part) else { continue }
            let shift = given.translation[axis]
            guard let fraction = Self.fraction(shift, decimals: decimals) else {
                if !Self.isMultiple(shift) { unit = max(unit, Self.unit(decimals)) }
                continue
            }
            whole[axis] = fraction
            if decimals >= 4 { asWritten[axis] = fraction } else { unit = max(unit, Self.unit(decimals)) }
        }
        written.append(AffineOperation(columns: operation.columns, translation: wrapped(asWritten)))
        completed.append(AffineOperation(columns: operation.columns, translation: wrapped(whole)))
    }

    /// Every operation behind each of some translations.
    func repeated(by shifts: ListedOperations) -> ListedOperations {
        var all = ListedOperations()
        all.written = shifts.written.flatMap { shift in written.map { shift.after($0) } }
        all.completed = shifts.completed.flatMap { shift in completed.map { shift.after($0) } }
        all.unit = max(unit, shifts.unit)
        return all
    }

    /// The group that they are, without repetitions: as written where that is one, else with completed fractions, else
    /// the group that the rounding of the shifts leaves; nil if they are none.
    ///
    /// Where they are one as written and completed, and cell, formula or sites object to the former alone, it is the
    /// latter.
    func group(_ evidence: CIFSymmetryEvidence) -> [AffineOperation]? {
        let completed = AffineOperation.distinct(completed)
        guard completed.count <= AffineOperation.maximumGroupOrder else { return nil }
        let isTabulated = completed.allSatisfy { operation in
            (0..<3).allSatisfy { Self.isMultiple(operation.translation[$0]) }
        }
        if isTabulated, SpaceGroupSetting.setting(operations: completed) != nil { return completed }
        let written = AffineOperation.distinct(written)
        if AffineOperation.isGroup(written, within: Self.exact) {
            guard written != completed, AffineOperation.isGroup(completed, within: Self.exact),
                Self.isOpen(evidence.assess(written)), !Self.isOpen(evidence.assess(completed))
            else { return written }
            return completed
        }
        if AffineOperation.isGroup(completed, within: Self.exact) { return completed }
        let tolerance = min(Self.loosest, max(2e-3, 2.1 * unit))
        let rough = AffineOperation.distinct(self.written, within: tolerance)
        return AffineOperation.isGroup(rough, within: tolerance) ? AffineOperation.settled(rough) : nil
    }

    private static func isOpen(_ assessment: CIFSymmetryEvidence.Assessment) -> Bool {
        assessment.contradiction != nil || assessment.objection != nil
    }

    // MARK: Decimals

    /// How many decimals a coordinate of a triplet has; nil without a point.
    private static func decimals(of part: ArraySlice<UInt8>) -> Int? {
        guard let point = part.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        return part[(point + 1)...].prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }.count
    }

    /// The multiple of 1/24 that a shift may be, its decimals rounded or cut off; nil if there is none, or it is one.
    private static func fraction(_ shift: Double, decimals: Int) -> Double? {
        guard (2...8).contains(decimals), !isMultiple(shift) else { return nil }
        let steps = (24 * shift).rounded()
        let unit = unit(decimals)
        let digits = (shift.magnitude / unit).rounded()
        let exact = (steps / 24).magnitude / unit
        return digits == exact.rounded() || digits == exact.rounded(.down) ? steps / 24 : nil
    }

    private static func isMultiple(_ shift: Double) -> Bool { (24 * shift - (24 * shift).rounded()).magnitude < 1e-9 }

    private static func unit(_ decimals: Int) -> Double { (0..<decimals).reduce(1) { unit, _ in unit / 10 } }
}
