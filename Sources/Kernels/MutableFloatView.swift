/// A range of a block of numbers that can be written; only the block's owner gives such views out.
package struct MutableFloatView {
    /// The same range, to be read.
    package let view: FloatView

    init(_ view: FloatView) { self.view = view }

    package var count: Int { view.count }

    var pointer: UnsafeMutablePointer<Float> { view.buffer.base + view.offset }

    /// A view of part of this one, to be read.
    package func view(_ start: Int, _ count: Int) -> FloatView { view.view(start, count) }

    /// A view of part of this one, to be written.
    package func mutableView(_ start: Int, _ count: Int) -> MutableFloatView {
        MutableFloatView(view.view(start, count))
    }

    package subscript(index: Int) -> Float {
        get { view[index] }
        nonmutating set {
            precondition(index >= 0 && index < count)
            pointer[index] = newValue
        }
    }

    /// The numbers as an array.
    package var array: [Float] { view.array }

    /// Sets every number.
    package func fill(_ value: Float) { pointer.update(repeating: value, count: count) }

    /// Copies the numbers of a view of the same count (no overlap).
    package func copy(from other: FloatView) {
        precondition(other.count == count)
        pointer.update(from: other.pointer, count: count)
    }

    /// Copies numbers from bytes in the machine's order, at any alignment.
    /// - Precondition: as many as the view has.
    package func assign(bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count == 4 * count)
        UnsafeMutableRawBufferPointer(start: pointer, count: bytes.count).copyMemory(from: bytes)
    }

    /// Copies numbers from an array.
    /// - Precondition: as many as the view has.
    package func assign(_ values: [Float]) {
        precondition(values.count == count)
        values.withUnsafeBufferPointer { source in
            if let first = source.baseAddress { pointer.update(from: first, count: count) }
        }
    }
}
