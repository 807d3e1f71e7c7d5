/// Results that threads of a team write, each to a place of its own.
///
/// Thread rule: no two threads use the same index at once; `all` is read when they are done.
package final class Slots<Value: Sendable>: @unchecked Sendable {
    private let base: UnsafeMutablePointer<Value>
    package let count: Int

    package init(count: Int, empty: Value) {
        self.count = count
        base = .allocate(capacity: max(count, 1))
        base.initialize(repeating: empty, count: count)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    package subscript(index: Int) -> Value {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    package var all: [Value] { Array(UnsafeBufferPointer(start: base, count: count)) }
}
