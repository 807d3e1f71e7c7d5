import Base

/// An endless order of the crystals of a set: each epoch a permutation of its own, a function of seed and epoch alone.
struct EpochOrder {
    private let count: Int
    private let seed: UInt64
    private var epoch = -1
    private var order: [Int] = []

    init(count: Int, seed: UInt64) {
        self.count = count
        self.seed = seed
    }

    /// The crystal of a place in the endless order; cheap when asked in order.
    subscript(place: Int) -> Int {
        mutating get {
            if place / count != epoch {
                epoch = place / count
                var generator = Philox(
                    seed: seed, domain: .epochOrder, stream: (UInt32(truncatingIfNeeded: epoch), 0, 0))
                order = Array(0..<count).shuffled(using: &generator)
            }
            return order[place % count]
        }
    }
}
