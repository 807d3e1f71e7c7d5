internal import CKernels

/// Keys (transposed) and values of the tokens seen so far, for one layer and a number of sequences that grow together.
package final class KeyValueCache {
    package let attention: CausalAttention
    package let sequences: Int
    package let capacity: Int
    private let keys: FloatBuffer
    private let values: FloatBuffer
    private let scratch: FloatBuffer

    /// - Parameters:
    ///   - sequences: how many sequences.
    ///   - capacity: the most tokens of a sequence.
    package init(attention: CausalAttention, sequences: Int, capacity: Int) {
        self.attention = attention
        self.sequences = sequences
        self.capacity = capacity
        keys = FloatBuffer(count: sequences * attention.width * capacity)
        values = FloatBuffer(count: sequences * attention.width * capacity)
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
        for (row, sequence) in rows.enumerated() {
            for head in 0..<attention.heads {
                let slot = (sequence * attention.heads + head) * size * capacity
                let source = row * width + head * size
                let keyBase = keys.base + slot
                let valueBase = values.base + slot
                for d in 0..<size { keyBase[d * capacity + position] = k.pointer[source + d] }
                (valueBase + position * size).update(from: v.pointer + source, count: size)
                ck_attention_query(
                    position + 1, size, capacity, q.pointer + source, keyBase, valueBase, y.pointer + source,
                    scratch.base)
            }
        }
    }
}
