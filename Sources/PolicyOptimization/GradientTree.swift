import Kernels
import Synchronization

/// Adds the gradients of numbered pieces in the order of a fixed binary tree, whoever delivers them and when.
///
/// Neighbours are added as soon as both are there, so that few buffers live at a time: one for each piece in work and,
/// when pieces are taken in order, about log2(pieces) partial sums.
final class GradientTree: Sendable {
    private struct Node: Hashable {
        /// 0 for pieces; a node of level k sums up 2^k of them.
        let level: Int
        let index: Int
    }

    private struct State {
        var sums: [Node: FloatBuffer] = [:]
        var spare: [FloatBuffer] = []
        var made = 0
    }

    private let pieceCount: Int
    private let parameterCount: Int
    private let state: Mutex<State>

    /// - Parameter spare: buffers to begin with.
    init(pieceCount: Int, parameterCount: Int, spare: [FloatBuffer] = []) {
        self.pieceCount = pieceCount
        self.parameterCount = parameterCount
        state = Mutex(State(spare: spare, made: spare.count))
    }

    /// A buffer of zeros for the gradient of a piece.
    func buffer() -> FloatBuffer {
        let known = state.withLock { state in
            if state.spare.isEmpty { state.made += 1 }
            return state.spare.popLast()
        }
        guard let known else { return FloatBuffer(count: parameterCount) }
        known.mutableView.fill(0)
        return known
    }

    /// Takes the gradient of a piece, and adds what can be added.
    func deliver(_ buffer: FloatBuffer, piece: Int) {
        var node = Node(level: 0, index: piece)
        while !isRoot(node) {
            let sibling = Node(level: node.level, index: node.index ^ 1)
            let parent = Node(level: node.level + 1, index: node.index / 2)
            // The last node of a level may have no neighbour: it stands for its parent.
            if sibling.index << sibling.level >= pieceCount {
                node = parent
                continue
            }
            let other = state.withLock { state -> FloatBuffer? in
                if let other = state.sums.removeValue(forKey: sibling) { return other }
                state.sums[node] = buffer
                return nil
            }
            guard let other else { return }
            // x + y and y + x have the same bits.
            VectorMath.add(other.view, to: buffer.mutableView)
            state.withLock { $0.spare.append(other) }
            node = parent
        }
        state.withLock { $0.sums[node] = buffer }
    }

    private func isRoot(_ node: Node) -> Bool { node.index == 0 && 1 << node.level >= pieceCount }

    /// The sum of all pieces, nil if there are none, and the buffers, this one among them, for the next tree.
    ///
    /// - Precondition: every piece was delivered.
    func finish() -> (sum: FloatBuffer?, buffers: [FloatBuffer]) {
        state.withLock { state in
            precondition(state.sums.count == min(1, pieceCount), "every piece of a gradient is delivered once")
            let sum = state.sums.values.first
            return (sum, state.spare + state.sums.values)
        }
    }
}
