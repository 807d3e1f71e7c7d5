import CKernels

/// Causal multi-head attention with rotary positions over packed sequences.
package struct CausalAttention: Sendable {
    package let heads: Int
    package let headSize: Int

    package init(heads: Int, headSize: Int) {
        self.heads = heads
        self.headSize = headSize
    }

    /// The width of a row of queries, keys or values.
    package var width: Int { heads * headSize }

    /// Where the sequences of a packed batch lie.
    package struct Sequences: Sendable {
        /// The first row of each sequence, and one more: the number of rows.
        package let starts: [Int]
        /// The start of each sequence's weights in the buffer of attention weights, and one more: its size for one
        /// head.
        package let weightStarts: [Int]
        /// The position of each row in its sequence.
        let positions: [Int32]
        package let longest: Int

        package init(lengths: [Int]) {
            var starts = [0]
            var weightStarts = [0]
            var positions: [Int32] = []
            for length in lengths {
                starts.append(starts[starts.count - 1] + length)
                weightStarts.append(weightStarts[weightStarts.count - 1] + length * length)
                for position in 0..<length { positions.append(Int32(position)) }
            }
            self.starts = starts
            self.weightStarts = weightStarts
            self.positions = positions
            longest = lengths.max() ?? 0
        }

        package var count: Int { starts.count - 1 }
        package var rowCount: Int { starts[starts.count - 1] }
        package var weightCount: Int { weightStarts[weightStarts.count - 1] }
    }

    /// Rotates rows `[rows, width]` in place by their positions; `backward` rotates the other way.
    package func rotate(_ x: MutableFloatView, positions: [Int32], table: RotaryTable, backward: Bool = false) {
        precondition(x.count >= positions.count * width && table.headSize == headSize)
        positions.withUnsafeBufferPointer { pointer in
            guard let base = pointer.baseAddress else { return }
            ck_rotate(
                pointer.count, width, heads, headSize, base, table.sine.pointer, table.cosine.pointer,
                backward ? -1 : 1, x.pointer)
        }
    }

    /// Rotates the rows of packed sequences in place.
    package func rotate(_ x: MutableFloatView, sequences: Sequences, table: RotaryTable, backward: Bool = false) {
        rotate(x, positions: sequences.positions, table: table, backward: backward)
    }

    /// The floats that `forward` and `backward` need as scratch.
    package func scratchCount(longest: Int) -> Int {
        let tile = Int(CK_TILE)
        let forward = (headSize + 4) * ((longest + tile - 1) / tile * tile)
        return max(forward, (2 * headSize + 1) * longest)
    }

    /// - Parameters:
    ///   - q, k, v, y: `[rows, width]`
    ///   - weights: `[heads, sequences.weightCount]`, kept for the backward pass; nil keeps none.
    package func forward(
        q: FloatView, k: FloatView, v: FloatView, into y: MutableFloatView, weights: MutableFloatView?,
        scratch: MutableFloatView, sequences: Sequences
    ) {
        check([q, k, v, y.view], weights: weights?.view, scratch: scratch, sequences: sequences)
        for sequence in 0..<sequences.count {
            let start = sequences.starts[sequence]
            let length = sequences.starts[sequence + 1] - start
            for head in 0..<heads {
                let offset = start * width + head * headSize
                let weightOffset = head * sequences.weightCount + sequences.weightStarts[sequence]
                ck_attention(
                    length, headSize, width, q.pointer + offset, k.pointer + offset, v.pointer + offset, width,
                    y.pointer + offset, weights.map { $0.pointer + weightOffset }, scratch.pointer)
            }
        }
    }

    /// Adds the gradients of q, k and v.
    package func backward(
        q: FloatView, k: FloatView, v: FloatView, weights: FloatView, dy: FloatView, dq: MutableFloatView,
        dk: MutableFloatView, dv: MutableFloatView, scratch: MutableFloatView, sequences: Sequences
    ) {
        check([q, k, v, dy, dq.view, dk.view, dv.view], weights: weights, scratch: scratch, sequences: sequences)
        for sequence in 0..<sequences.count {
            let start = sequences.starts[sequence]
            let length = sequences.starts[sequence + 1] - start
            for head in 0..<heads {
                let offset = start * width + head * headSize
                let weightOffset = head * sequences.weightCount + sequences.weightStarts[sequence]
                ck_attention_backward(
                    length, headSize, width, q.pointer + offset, k.pointer + offset, v.pointer + offset, width,
                    dy.pointer + offset, weights.pointer + weightOffset, dq.pointer + offset, dk.pointer + offset,
                    dv.pointer + offset, scratch.pointer)
            }
        }
    }

    private func check(_ rows: [FloatView], weights: FloatView?, scratch: MutableFloatView, sequences: Sequences) {
        for view in rows { precondition(view.count >= sequences.rowCount * width) }
        if let weights { precondition(weights.count >= heads * sequences.weightCount) }
        precondition(scratch.count >= scratchCount(longest: sequences.longest))
    }
}
