/// A range of a block of numbers that can be read but not written; copying a view copies no numbers.
///
/// A view keeps its block alive. What it shows may still change: the block's owner may write.
package struct FloatView: Sendable {
    let buffer: FloatBuffer
    let offset: Int
    package let count: Int

    init(buffer: FloatBuffer, offset: Int, count: Int) {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "view outside its buffer")
        self.buffer = buffer
        self.offset = offset
        self.count = count
    }

    var pointer: UnsafePointer<Float> { UnsafePointer(buffer.base + offset) }

    /// A view of part of this one.
    package func view(_ start: Int, _ count: Int) -> FloatView {
        precondition(start >= 0 && count >= 0 && start + count <= self.count, "view outside its parent")
        return FloatView(buffer: buffer, offset: offset + start, count: count)
    }

    package subscript(index: Int) -> Float {
        precondition(index >= 0 && index < count)
        return buffer.base[offset + index]
    }

    /// Gives `body` the bytes of the numbers, in the machine's order.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: pointer, count: 4 * count))
    }

    /// Whether no number is NaN or infinite.
    package var isFinite: Bool { UnsafeBufferPointer(start: pointer, count: count).allSatisfy(\.isFinite) }

    /// The numbers as an array.
    package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}
