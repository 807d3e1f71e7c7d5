/// A block of float32 numbers of fixed size, 64-byte aligned.
///
/// Networks keep weights, activations and gradients in such blocks and hand views of them to the kernels.
/// Thread rule: any number of threads may read; whoever writes must be the only user. The owner sees to that.
package final class FloatBuffer: @unchecked Sendable {
    package let count: Int
    let base: UnsafeMutablePointer<Float>

    /// Zeros.
    /// - Precondition: `count` is not negative.
    package convenience init(count: Int) {
        self.init(uninitialized: count)
        base.initialize(repeating: 0, count: count)
    }

    /// A block of any numbers, for results that are written before they are read: clearing large blocks costs as much
    /// as many a kernel.
    /// - Precondition: `count` is not negative.
    package init(uninitialized count: Int) {
        precondition(count >= 0)
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    /// A copy of an array.
    package convenience init(_ values: [Float]) {
        self.init(uninitialized: values.count)
        mutableView.assign(values)
    }

    /// A copy of what a view shows.
    package convenience init(copying view: FloatView) {
        self.init(uninitialized: view.count)
        mutableView.copy(from: view)
    }

    deinit { base.deallocate() }

    /// The whole block, to be read.
    package var view: FloatView { FloatView(buffer: self, offset: 0, count: count) }

    /// Part of the block, to be read.
    /// - Precondition: the range lies inside.
    package func view(_ offset: Int, _ count: Int) -> FloatView {
        FloatView(buffer: self, offset: offset, count: count)
    }

    /// The whole block, to be written.
    package var mutableView: MutableFloatView { MutableFloatView(view) }

    /// Part of the block, to be written.
    /// - Precondition: the range lies inside.
    package func mutableView(_ offset: Int, _ count: Int) -> MutableFloatView { MutableFloatView(view(offset, count)) }

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
    package var array: [Float] { view.array }

    /// Replaces the first numbers by those of an array.
    /// - Precondition: the array is not longer than the block.
    package func assign(_ values: [Float]) { mutableView(0, values.count).assign(values) }

    /// Little-endian bytes of the numbers.
    package var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: count * 4)) }
}
