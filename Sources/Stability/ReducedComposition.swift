import Base
import Crystals

/// A composition divided by its formula units: what tells entries of one compound from those of another.
struct ReducedComposition: Hashable {
    let elements: ElementSet
    /// In order of atomic number. Whole amounts are divided by their greatest common divisor, others by their sum.
    let amounts: [Double]

    /// - Parameter amounts: positive and finite, in order of atomic number.
    init(elements: ElementSet, amounts: [Double]) {
        self.elements = elements
        var divisor = 0
        for amount in amounts where divisor >= 0 {
            let whole = Int(exactly: amount) ?? 0
            divisor = whole > 0 ? greatestCommonDivisor(divisor, whole) : -1
        }
        let unit = divisor > 0 ? Double(divisor) : amounts.reduce(0, +)
        self.amounts = amounts.map { $0 / unit }
    }

    init(_ composition: Composition) {
        let elements = composition.elements
        self.init(elements: ElementSet(elements), amounts: elements.map { composition.amounts[$0] ?? 0 })
    }
}
