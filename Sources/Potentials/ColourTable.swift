/// Numbers 64-bit colours 0, 1, 2, ... in order of first appearance: a hash table for keys that are well mixed already.
struct ColourTable {
    private var keys: [UInt64]
    /// The number of each key; -1 where the slot is free.
    private var numbers: [Int32]
    private var count = 0

    /// - Parameter capacity: the largest number of distinct colours.
    init(capacity: Int) {
        var slots = 16
        while slots < 2 * capacity { slots *= 2 }
        keys = [UInt64](repeating: 0, count: slots)
        numbers = [Int32](repeating: -1, count: slots)
    }

    /// The number of a colour; the count of colours so far if it is new.
    /// - Precondition: no more distinct colours than the capacity.
    mutating func number(of colour: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: colour) & (keys.count - 1)
        while numbers[slot] >= 0 {
            if keys[slot] == colour { return Int(numbers[slot]) }
            slot = (slot + 1) & (keys.count - 1)
        }
        precondition(2 * count < keys.count, "more colours than the capacity")
        keys[slot] = colour
        numbers[slot] = Int32(count)
        count += 1
        return count - 1
    }

    /// The number of a colour that was numbered before; nil if it was not.
    func known(_ colour: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: colour) & (keys.count - 1)
        while numbers[slot] >= 0 {
            if keys[slot] == colour { return Int(numbers[slot]) }
            slot = (slot + 1) & (keys.count - 1)
        }
        return nil
    }
}

/// A bijective hash (the finaliser of SplitMix64).
func scrambled(_ value: UInt64) -> UInt64 {
    var x = value &+ 0x9E37_79B9_7F4A_7C15
    x = (x ^ (x &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    x = (x ^ (x &>> 27)) &* 0x94D0_49BB_1331_11EB
    return x ^ (x &>> 31)
}
