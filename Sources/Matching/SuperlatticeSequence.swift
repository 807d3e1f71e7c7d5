import Crystals

/// A lattice that contains another one: the old cell's vectors are `matrix` (upper triangular, in Hermite normal form)
/// times the new ones, of which it has `index` times as many points.
struct Superlattice: Sendable {
    let index: Int
    let matrix: IntegerMatrix
}

/// The lattices that contain that of a cell, all of whose points are translations, in ascending order of their index.
struct SuperlatticeSequence: Sequence, IteratorProtocol {
    private let largestIndex: Int
    /// Whether a vector, in the cell's vectors, is one that the atoms allow.
    private let isTranslation: (SIMD3<Double>) -> Bool
    private var index = 1
    private var found: ArraySlice<IntegerMatrix> = []

    /// - Parameters:
    ///   - largestIndex: its divisors above 1 are the indices.
    ///   - isTranslation: whether the atoms may allow a translation, in the cell's vectors.
    init(largestIndex: Int, isTranslation: @escaping (SIMD3<Double>) -> Bool) {
        self.largestIndex = largestIndex
        self.isTranslation = isTranslation
    }

    mutating func next() -> Superlattice? {
        while found.isEmpty {
            repeat { index += 1 } while index <= largestIndex && largestIndex % index != 0
            guard index <= largestIndex else { return nil }
            found = matrices(index: index)[...]
        }
        return found.popFirst().map { Superlattice(index: index, matrix: $0) }
    }

    /// The matrices ((a, b, c), (0, e, f), (0, 0, g)) of determinant `index` with 0 <= b, c < a and 0 <= f < e whose
    /// inverse has translations as rows; its last rows are the first to be tried.
    private func matrices(index: Int) -> [IntegerMatrix] {
        var matrices: [IntegerMatrix] = []
        for a in Self.divisors(index) {
            for e in Self.divisors(index / a) {
                let g = index / a / e
                let (x, y, z) = (1 / Double(a), 1 / Double(e), 1 / Double(g))
                guard isTranslation(SIMD3(0, 0, z)) else { continue }
                let thirds = (0..<e).filter { isTranslation(SIMD3(0, y, -Double($0) * y * z)) }.map(Double.init)
                guard !thirds.isEmpty else { continue }
                for b in (0..<a).map(Double.init) {
                    for c in (0..<a).map(Double.init) {
                        for f in thirds where isTranslation(SIMD3(x, -b * x * y, (b * f - c * Double(e)) * x * y * z)) {
                            matrices.append(
                                IntegerMatrix(
                                    rows: (
                                        SIMD3(Double(a), b, c), SIMD3(0, Double(e), f), SIMD3(0, 0, Double(g))
                                    )))
                        }
                    }
                }
            }
        }
        return matrices
    }

    private static func divisors(_ number: Int) -> [Int] { (1...number).filter { number % $0 == 0 } }
}
