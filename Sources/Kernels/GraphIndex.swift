/// A list of row numbers that are known to lie in a table: gathers and scatters need no check a row.
package struct GraphIndex: Sendable {
    let values: [Int32]
    /// Every value is in 0..<bound.
    package let bound: Int

    /// - Precondition: all values are in `0..<bound`.
    package init(_ values: [Int32], bound: Int) {
        precondition(values.allSatisfy { $0 >= 0 && Int($0) < bound }, "row number outside its table")
        self.values = values
        self.bound = bound
    }

    package var count: Int { values.count }

    package subscript(position: Int) -> Int { Int(values[position]) }

    /// Runs `body` on the part of the list, as C sees it.
    func withPointer<Result>(_ range: Range<Int>, _ body: (UnsafePointer<Int32>) -> Result) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= values.count && !range.isEmpty, "outside the list")
        return values.withUnsafeBufferPointer { buffer in
            // invariant: `range` lies inside and is not empty, so there is a base address.
            guard let base = buffer.baseAddress else { preconditionFailure("empty list") }
            return body(base + range.lowerBound)
        }
    }
}

/// A table of rows of features to gather from: row r, column c is `view[r * stride + c]`.
package struct FeatureTable {
    let view: FloatView
    let stride: Int

    /// - Precondition: rows lie within their stride.
    package init(_ view: FloatView, stride: Int) {
        precondition(stride > 0)
        self.view = view
        self.stride = stride
    }

    func holds(rows: Int, width: Int) -> Bool {
        width <= stride && (rows == 0 || (rows - 1) * stride + width <= view.count)
    }
}
