package import Kernels

extension Sequence {
    /// Calls `body` with the elements in arrays of a size, the last one shorter.
    package func forEachBatch(of size: Int, _ body: ([Element]) throws -> Void) rethrows {
        var batch: [Element] = []
        for element in self {
            batch.append(element)
            if batch.count == size {
                try body(batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        if !batch.isEmpty { try body(batch) }
    }
}

extension ThreadTeam {
    /// What `transform(input, thread)` makes of each input, in the order of the inputs.
    package func map<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ transform: @escaping @Sendable (_ input: Input, _ thread: Int) -> Output
    ) -> [Output] {
        let results = Slots<Output?>(count: inputs.count, empty: nil)
        forEach(inputs.count) { index, thread in results[index] = transform(inputs[index], thread) }
        return results.all.compactMap { $0 }
    }
}
