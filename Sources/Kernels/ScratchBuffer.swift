/// A block of numbers that grows when more are asked for, and is kept: what it holds is undefined until it is written.
package struct ScratchBuffer {
    private var buffer = FloatBuffer(count: 0)

    /// Blocks up to this size grow by doubling, and are not given back by `releaseIfLarge` (8 MiB).
    package static let largestKept = 1 << 21

    package init() {}

    package var count: Int { buffer.count }

    /// Makes room for some numbers; what the block held is lost if it has to grow.
    package mutating func reserve(_ count: Int) {
        guard buffer.count < count else { return }
        // A little more than asked for: sizes vary from call to call.
        let size = max(count + count / 8, min(2 * buffer.count, Self.largestKept))
        // The old block goes first, so that both are not in memory at a time.
        buffer = FloatBuffer(count: 0)
        buffer = FloatBuffer(uninitialized: size)
    }

    /// The first `count` numbers, to be written, after making room for them.
    package mutating func mutableView(_ count: Int) -> MutableFloatView {
        reserve(count)
        return buffer.mutableView(0, count)
    }

    /// The first `count` numbers, to be read.
    /// - Precondition: there is room for them.
    package func view(_ count: Int) -> FloatView { buffer.view(0, count) }

    /// Some of the numbers, to be written.
    /// - Precondition: there is room for them.
    package func mutableView(_ start: Int, _ count: Int) -> MutableFloatView { buffer.mutableView(start, count) }

    /// Some of the numbers, to be read.
    /// - Precondition: there is room for them.
    package func view(_ start: Int, _ count: Int) -> FloatView { buffer.view(start, count) }

    /// All numbers.
    package var view: FloatView { buffer.view }
    package var mutableView: MutableFloatView { buffer.mutableView }

    /// Gives a large block back: one huge input must not hold its memory for good.
    package mutating func releaseIfLarge() {
        if buffer.count > Self.largestKept { buffer = FloatBuffer(count: 0) }
    }
}
