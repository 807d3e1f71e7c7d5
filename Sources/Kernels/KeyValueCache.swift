import CKernels

/// Keys (transposed) and values of the tokens seen so far, for one layer and a number of sequences that grow together.
///
/// Memory grows with the sequences: most crystals are much shorter than the longest that is allowed.
package final class KeyValueCache {
    package let attention: CausalAttention
    package let sequences: Int
    package let capacity: Int
    /// Tokens that there is room for now.
    private var room: Int
    /// `[sequences, heads, headSize, room]`
    private var keys: FloatBuffer
    /// `[sequences, heads, room, headSize]`
    private var values: FloatBuffer
    private let scratch: FloatBuffer

    private static let firstRoom = 32

    /// - Parameters:
    ///   - sequences: how many sequences.
    ///   - capacity: the most tokens of a sequence.
    package init(attention: CausalAttention, sequences: Int, capacity: Int) {
        self.attention = attention
        self.sequences = sequences
        self.capacity = capacity
        room = min(capacity, Self.firstRoom)
        keys = FloatBuffer(count: sequences * attention.width * room)
        values = FloatBuffer(count: sequences * attention.width * room)
        scratch = FloatBuffer(count: capacity)
    }

    /// Appends the keys and values of token `position` and attends to all tokens up to it.
    ///
    /// - Parameters:
    ///   - rows: the sequence of each row.
    ///   - q, k, v, y: `[rows, width]`, q and k rotated.
    package func attend(rows: [Int], position: Int, q: FloatView, k: FloatView, v: FloatView, into y: FloatView) {
        let width = attention.width
        let size = attention.headSize
        precondition(position < capacity && rows.allSatisfy { $0 >= 0 && $0 < sequences })
        for view in [q, k, v, y] { precondition(view.count >= rows.count * width) }
        if position >= room { grow(to: min(capacity, max(2 * room, position + 1)), keeping: rows) }
        for (row, sequence) in rows.enumerated() {
            for head in 0..<attention.heads {
                let slot = (sequence * attention.heads + head) * size * room
                let source = row * width + head * size
                let keyBase = keys.base + slot
                let valueBase = values.base + slot
                for d in 0..<size { keyBase[d * room + position] = k.pointer[source + d] }
                (valueBase + position * size).update(from: v.pointer + source, count: size)
                ck_attention_query(
                    position + 1, size, room, q.pointer + source, keyBase, valueBase, y.pointer + source, scratch.base)
            }
        }
    }

    /// Makes room for more tokens; sequences that are not kept are forgotten.
    private func grow(to newRoom: Int, keeping rows: [Int]) {
        let size = attention.headSize
        let newKeys = FloatBuffer(count: sequences * attention.width * newRoom)
        let newValues = FloatBuffer(count: sequences * attention.width * newRoom)
        for sequence in rows {
            for head in 0..<attention.heads {
                let block = sequence * attention.heads + head
                for d in 0..<size {
                    (newKeys.base + (block * size + d) * newRoom).update(
                        from: keys.base + (block * size + d) * room, count: room)
                }
                (newValues.base + block * size * newRoom).update(
                    from: values.base + block * size * room, count: size * room)
            }
        }
        (keys, values, room) = (newKeys, newValues, newRoom)
    }
}
