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

    /// So many of the rows, as many of each fold as it has, in ascending order.
    ///
    /// - Parameters:
    ///   - folds: of the rows.
    ///   - seed: of the choice within a fold.
    package static func sample(of folds: [Int], count: Int, seed: UInt64) -> [Int] {
        var order = Array(folds.indices)
        var random = Philox(seed: seed, domain: .propertyHead, stream: (1, 0, 0))
        order.shuffle(using: &random)
        var dealt: [Int: Int] = [:]
        let turns = order.enumerated().map { place, row in
            dealt[folds[row], default: 0] += 1
            return (turn: dealt[folds[row], default: 0], place: place, row: row)
        }
        return turns.sorted { ($0.turn, $0.place) < ($1.turn, $1.place) }.prefix(count).map(\.row).sorted()
    }

    /// How many folds for so many different formulas: ten, and five where trainings are long.
    static func count(formulas: Int) -> Int { formulas > 3_000 ? 5 : min(10, formulas) }
}
