import Crystals

/// What the network and the sampler ask of the 230 space groups, flattened for fast access.
struct SymmetryTables: Sendable {
    static let shared = SymmetryTables()
    /// Wyckoff numbers 0 (padding), 1 = "a" ... 27 = "A".
    static let wyckoffTypes = 28

    /// `[230, 28]`: atoms of the orbit in the conventional cell; 0 for padding.
    private let multiplicities: [Int]
    /// `[230]`: the number of positions.
    private let positionCounts: [Int]
    /// `[230, 28, 3]`
    private let free: [Bool]
    /// `[230, 6]`
    private let freeLattice: [Bool]

    private init() {
        var multiplicities = [Int](repeating: 0, count: 230 * Self.wyckoffTypes)
        var positionCounts = [Int](repeating: 0, count: 230)
        var free = [Bool](repeating: false, count: 230 * Self.wyckoffTypes * 3)
        var freeLattice = [Bool](repeating: false, count: 230 * 6)
        for number in 1...230 {
            guard let group = SpaceGroup(number: number) else { continue }
            positionCounts[number - 1] = group.wyckoffPositions.count
            for (index, position) in group.wyckoffPositions.enumerated() {
                let slot = (number - 1) * Self.wyckoffTypes + index + 1
                multiplicities[slot] = position.multiplicity
                for axis in 0..<3 { free[slot * 3 + axis] = position.isFree[axis] }
            }
            for (index, isFree) in group.freeLatticeParameters.enumerated() {
                freeLattice[(number - 1) * 6 + index] = isFree
            }
        }
        self.multiplicities = multiplicities
        self.positionCounts = positionCounts
        self.free = free
        self.freeLattice = freeLattice
    }

    func multiplicity(group: Int, wyckoff: Int) -> Int { multiplicities[(group - 1) * Self.wyckoffTypes + wyckoff] }

    func positionCount(group: Int) -> Int { positionCounts[group - 1] }

    func isFree(group: Int, wyckoff: Int, axis: Int) -> Bool {
        free[((group - 1) * Self.wyckoffTypes + wyckoff) * 3 + axis]
    }

    func hasNoFreeCoordinate(group: Int, wyckoff: Int) -> Bool {
        !(0..<3).contains { isFree(group: group, wyckoff: wyckoff, axis: $0) }
    }

    func isLatticeParameterFree(group: Int, index: Int) -> Bool { freeLattice[(group - 1) * 6 + index] }

    /// The Wyckoff numbers that may follow `previous`, 0 (the end) not among them.
    func successors(group: Int, previous: Int) -> ClosedRange<Int>? {
        let first = hasNoFreeCoordinate(group: group, wyckoff: previous) ? previous + 1 : previous
        let last = positionCount(group: group)
        return first <= last ? first...last : nil
    }
}
