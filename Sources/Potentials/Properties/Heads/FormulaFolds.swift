internal import Base

/// Folds for cross-validation in which no formula is in two folds: polymorphs would tell each other's values.
package enum FormulaFolds {
    /// The fold of each row, below `count`.
    ///
    /// - Parameters:
    ///   - formulas: of the rows, reduced.
    ///   - seed: of the order in which the formulas are dealt out.
    package static func folds(of formulas: [String], count: Int, seed: UInt64) -> [Int] {
        var order = Set(formulas).sorted()
        var random = Philox(seed: seed, domain: .propertyHead, stream: (0, 0, 0))
        order.shuffle(using: &random)
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0 % max(1, count)) })
        return formulas.map { places[$0] ?? 0 }
    }

    /// How many folds for so many different formulas: ten, and five where trainings are long.
    static func count(formulas: Int) -> Int { formulas > 3_000 ? 5 : min(10, formulas) }
}
