/// Brings features to mean 0 and standard deviation 1, as they are in the rows that it is made of.
struct FeatureScaling: Sendable, Equatable {
    let means: [Double]
    /// One over the standard deviation; 0 for a feature that does not vary, which is left out so.
    let factors: [Double]

    init(means: [Double], factors: [Double]) {
        self.means = means
        self.factors = factors
    }

    /// - Precondition: at least one row; all of one length.
    init(_ rows: [[Double]]) {
        let count = Double(rows.count)
        let width = rows[0].count
        var sums = [Double](repeating: 0, count: width)
        for row in rows { for k in 0..<width { sums[k] += row[k] } }
        let means = sums.map { $0 / count }
        var squares = [Double](repeating: 0, count: width)
        for row in rows { for k in 0..<width { squares[k] += (row[k] - means[k]) * (row[k] - means[k]) } }
        self.means = means
        factors = squares.map { square in
            let deviation = (square / count).squareRoot()
            return deviation > 1e-9 ? 1 / deviation : 0
        }
    }

    func callAsFunction(_ row: [Double]) -> [Double] {
        zip(row, zip(means, factors)).map { ($0 - $1.0) * $1.1 }
    }
}

/// Scaled rows that distances are taken to: those of a kernel, and those that tell what a model has seen.
struct ReferenceRows: Sendable, Equatable {
    let count: Int
    let width: Int
    /// `[count, width]`.
    let values: [Float]

    /// - Precondition: `count * width` values.
    init(count: Int, width: Int, values: [Float]) {
        precondition(values.count == count * width)
        self.count = count
        self.width = width
        self.values = values
    }

    /// - Precondition: all rows have `width` numbers.
    init(_ rows: [[Double]], width: Int) {
        self.init(count: rows.count, width: width, values: rows.flatMap { $0.map(Float.init) })
    }

    /// The rows ready for distances, with what does not count in them left out.
    func weighted(by weighting: CrystalFeatures.Weighting) -> WeightedRows {
        WeightedRows(self, factors: weighting.factors)
    }
}

/// References whose features are multiplied by the factors of a weighting.
struct WeightedRows: Sendable {
    private let count: Int
    /// The features that count, and their factors.
    private let columns: [(column: Int, factor: Float)]
    /// Padded to whole vectors.
    private let rows: [SIMD8<Float>]
    private let vectors: Int

    init(_ references: ReferenceRows, factors: [Double]) {
        precondition(factors.count == references.width)
        count = references.count
        columns = factors.enumerated().filter { $0.element != 0 }.map { ($0.offset, Float($0.element)) }
        let columns = columns
        vectors = (columns.count + 7) / 8
        rows = (0..<references.count).flatMap { row in
            Self.packed(columns.map { references.values[row * references.width + $0.column] * $0.factor })
        }
    }

    private static func packed(_ values: [Float]) -> [SIMD8<Float>] {
        stride(from: 0, to: values.count, by: 8).map { start in
            var vector = SIMD8<Float>.zero
            for lane in 0..<min(8, values.count - start) { vector[lane] = values[start + lane] }
            return vector
        }
    }

    /// The weighted sum of the squared differences between a scaled row and each reference.
    ///
    /// - Complexity: O(count · width).
    func squaredDistances(to row: [Double]) -> [Double] {
        let row = Self.packed(columns.map { Float(row[$0.column]) * $0.factor })
        return rows.withUnsafeBufferPointer { rows in
            row.withUnsafeBufferPointer { row in
                (0..<count).map { reference in
                    var sums = SIMD8<Float>.zero
                    for k in 0..<vectors {
                        let difference = rows[reference * vectors + k] - row[k]
                        sums += difference * difference
                    }
                    return Double(sums.sum())
                }
            }
        }
    }
}
