import CKernels

/// Keys and values of the tokens seen so far, for all layers of a network and a number of sequences that grow together.
///
/// They lie in tiles of 16 tokens, each a block of its own for one sequence: a sequence takes tiles as it grows and
/// gives them back when it ends, so that the memory is what the tokens in work need, and stays in use from call to
/// call.
package final class KeyValueCache {
    package let attention: CausalAttention
    package let layers: Int
    package let sequences: Int
    /// The tiles of each sequence, in the order of its tokens; each `[layers, (keys, values), heads, headSize · 16]`.
    private var tiles: [[FloatBuffer]]
    /// Tiles that no sequence uses.
    private var spare: [FloatBuffer] = []
    /// The tiles of the rows of the step at hand, one row's after the other's.
    private var pointers: [UnsafeMutablePointer<Float>?] = []
    private var scratch = FloatBuffer(count: 0)

    private static let tileSize = Int(CK_TILE)

    /// - Parameter sequences: how many sequences.
    package init(attention: CausalAttention, layers: Int, sequences: Int) {
        self.attention = attention
        self.layers = layers
        self.sequences = sequences
        tiles = Array(repeating: [], count: sequences)
    }

    /// The tiles in memory, in use or not.
    package var tileCount: Int { spare.count + tiles.reduce(0) { $0 + $1.count } }

    /// Gives the tiles of some sequences back: they are at their end, or begin anew.
    package func end(_ ended: some Sequence<Int>) {
        for sequence in ended {
            spare += tiles[sequence]
            tiles[sequence].removeAll(keepingCapacity: true)
        }
    }

    /// Makes room for token `position` of some sequences, for all layers.
    ///
    /// - Parameter rows: the sequence of each row of the calls of `attend` that follow.
    /// - Precondition: the sequences have all tokens before it.
    package func begin(rows: [Int], position: Int) {
        let count = position / Self.tileSize + 1
        pointers.removeAll(keepingCapacity: true)
        for sequence in rows {
            precondition(tiles[sequence].count == (position + Self.tileSize - 1) / Self.tileSize, "a token is missing")
            if tiles[sequence].count < count { tiles[sequence].append(spare.popLast() ?? makeTile()) }
            for tile in tiles[sequence] { pointers.append(tile.base) }
        }
        if scratch.count < count * Self.tileSize { scratch = FloatBuffer(count: 2 * count * Self.tileSize) }
    }

    /// Cleared, so that numbers behind the last token are numbers.
    private func makeTile() -> FloatBuffer {
        FloatBuffer(count: layers * 2 * attention.width * Self.tileSize)
    }

    /// Appends the keys and values of token `position` in one layer and attends to all tokens up to it.
    ///
    /// - Parameters:
    ///   - rows: how many rows: as many as `begin` was given.
    ///   - q, k, v, y: `[rows, width]`, q and k rotated.
    /// - Precondition: `begin` was called for this position.
    package func attend(
        layer: Int, rows: Int, position: Int, q: FloatView, k: FloatView, v: FloatView, into y: MutableFloatView
    ) {
        for count in [q.count, k.count, v.count, y.count] { precondition(count >= rows * attention.width) }
        precondition(pointers.count == rows * (position / Self.tileSize + 1) && (0..<layers).contains(layer))
        ck_attention_step(
            rows, attention.heads, attention.headSize, position, q.pointer, k.pointer, v.pointer, pointers,
            layer * 2 * attention.width * Self.tileSize, y.pointer, scratch.base)
    }
}
