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
