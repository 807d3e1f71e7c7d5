/// A block of float32 numbers of fixed size, 64-byte aligned, zero at the start.
///
/// Networks keep weights, activations and gradients in such blocks and hand views of them to the kernels.
/// Thread rule: any number of threads may read; whoever writes must be the only user. The owner sees to that.
package final class FloatBuffer: @unchecked Sendable {
    package let count: Int
    let base: UnsafeMutablePointer<Float>

    /// - Precondition: `count` is not negative.
    package init(count: Int) {
        precondition(count >= 0)
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        base.initialize(repeating: 0, count: max(count, 1))
    }

    /// A copy of an array.
    package convenience init(_ values: [Float]) {
        self.init(count: values.count)
        values.withUnsafeBufferPointer { source in
            if let first = source.baseAddress { base.update(from: first, count: values.count) }
        }
    }

    deinit { base.deallocate() }

    /// The whole block.
    package var view: FloatView { FloatView(buffer: self, offset: 0, count: count) }

    /// Part of the block.
    /// - Precondition: the range lies inside.
    package func view(_ offset: Int, _ count: Int) -> FloatView {
        FloatView(buffer: self, offset: offset, count: count)
    }

    package subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    /// The numbers as an array.
    package var array: [Float] { Array(UnsafeBufferPointer(start: base, count: count)) }

    /// Replaces the first numbers by those of an array.
    /// - Precondition: the array is not longer than the block.
    package func assign(_ values: [Float]) {
        precondition(values.count <= count)
        values.withUnsafeBufferPointer { source in
            if let first = source.baseAddress { base.update(from: first, count: values.count) }
        }
    }

    /// Little-endian bytes of the numbers.
    package var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count * 4)) }
}

/// A range of a `FloatBuffer`; copying a view copies no numbers.
package struct FloatView: Sendable {
    package let buffer: FloatBuffer
    package let offset: Int
    package let count: Int

    init(buffer: FloatBuffer, offset: Int, count: Int) {
        precondition(offset >= 0 && count >= 0 && offset + count <= buffer.count, "view outside its buffer")
        self.buffer = buffer
        self.offset = offset
        self.count = count
    }

    var pointer: UnsafeMutablePointer<Float> { buffer.base + offset }

    /// A view of part of this one.
    package func view(_ start: Int, _ count: Int) -> FloatView {
        precondition(start >= 0 && count >= 0 && start + count <= self.count, "view outside its parent")
        return FloatView(buffer: buffer, offset: offset + start, count: count)
    }

    package subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count)
            return buffer.base[offset + index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count)
            buffer.base[offset + index] = newValue
        }
    }

    /// The numbers as an array.
    package var array: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// Sets every number.
    package func fill(_ value: Float) { pointer.update(repeating: value, count: count) }

    /// Copies the numbers of another view of the same count (no overlap).
    package func copy(from other: FloatView) {
        precondition(other.count == count)
        pointer.update(from: other.pointer, count: count)
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
