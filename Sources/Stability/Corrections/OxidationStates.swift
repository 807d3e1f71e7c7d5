internal import Base
import Crystals

/// A guess of the elements' oxidation states from the composition alone: of all choices that are neutral, the one whose
/// states occur most often in the ICSD. The guess of pymatgen's `oxi_state_guesses`, on which the MP2020 corrections
/// rest.
///
/// The reference looks at every choice for every atom; here sums of charges are looked at, which are few, so that no
/// composition takes long. The atoms of an element may differ, so that means need not be whole.
enum OxidationStates {
    /// Reduced formulas of more atoms get no guess, as in the reference.
    static let atomLimit = 20

    /// The mean oxidation state of each element; nil if no choice is neutral, or there are too many atoms.
    ///
    /// - Parameter composition: whole amounts.
    static func guess(_ composition: Composition) -> [Element: Double]? {
        var members: [(element: Element, amount: Int)] = []
        for element in composition.elements {
            guard let amount = Int(exactly: composition.amounts[element] ?? 0) else { return nil }
            members.append((element, amount))
        }
        let divisor = members.reduce(0) { greatestCommonDivisor($0, $1.amount) }
        guard divisor > 0 else { return nil }
        // Of equal choices the first counts, so the order of the elements is a part of the rule.
        members.sort { Self.precedes($0.element, $1.element) }
        let amounts = members.map { $0.amount / divisor }
        guard amounts.reduce(0, +) <= atomLimit else { return nil }
        let options = zip(members, amounts).map { member, amount in
            sums(of: table[member.element] ?? [], atoms: amount)
        }
        guard let chosen = mostFrequent(options) else { return nil }
        var means: [Element: Double] = [:]
        for (index, member) in members.enumerated() {
            means[member.element] = Double(chosen[index]) / Double(amounts[index])
        }
        return means
    }

    /// In order of electronegativity, elements without one last, then of symbols.
    private static func precedes(_ left: Element, _ right: Element) -> Bool {
        let (x, y) = (left.electronegativity ?? .infinity, right.electronegativity ?? .infinity)
        return x == y ? left.symbol < right.symbol : x < y
    }

    private struct State {
        let charge: Int
        let occurrences: Int
    }

    /// A charge that the atoms of an element can have together.
    private struct Sum {
        let charge: Int
        /// The most occurrences that states with this sum have together.
        var score: Int
        /// How many atoms have each state, in the choice that comes first of all with this sum.
        var first: [Int]
    }

    /// The sums that a number of atoms can have, in the order in which choices of states, the first ones first, come to
    /// them.
    private static func sums(of states: [State], atoms: Int) -> [Sum] {
        // By atoms that have a state already and their charge; states are added from the last to the first.
        var reached: [[Int: Sum]] = Array(repeating: [:], count: atoms + 1)
        reached[0][0] = Sum(charge: 0, score: 0, first: [])
        for state in states.reversed() {
            var next: [[Int: Sum]] = Array(repeating: [:], count: atoms + 1)
            for (used, sums) in reached.enumerated() {
                for sum in sums.values {
                    for copies in 0...atoms - used {
                        let option = Sum(
                            charge: sum.charge + copies * state.charge, score: sum.score + copies * state.occurrences,
                            first: [copies] + sum.first)
                        guard var known = next[used + copies][option.charge] else {
                            next[used + copies][option.charge] = option
                            continue
                        }
                        known.score = max(known.score, option.score)
                        // More atoms with an earlier state come first.
                        if known.first.lexicographicallyPrecedes(option.first) { known.first = option.first }
                        next[used + copies][option.charge] = known
                    }
                }
            }
            reached = next
        }
        guard !states.isEmpty else { return [] }
        return reached[atoms].values.sorted { $1.first.lexicographicallyPrecedes($0.first) }
    }

    /// The sum of each element so that all add up to 0 with the highest score, the first of equals; nil if none does.
    private static func mostFrequent(_ options: [[Sum]]) -> [Int]? {
        struct Best {
            let score: Int
            /// Of the element's options.
            let index: Int
        }
        // By the charge that the elements from one on have to bring.
        var best: [[Int: Best]] = Array(repeating: [:], count: options.count + 1)
        best[options.count][0] = Best(score: 0, index: 0)
        for element in options.indices.reversed() {
            for (index, option) in options[element].enumerated() {
                for (rest, behind) in best[element + 1] {
                    let (charge, score) = (option.charge + rest, option.score + behind.score)
                    if let known = best[element][charge], known.score >= score { continue }
                    best[element][charge] = Best(score: score, index: index)
                }
            }
        }
        var chosen: [Int] = []
        var charge = 0
        for element in options.indices {
            guard let step = best[element][charge] else { return nil }
            let sum = options[element][step.index].charge
            chosen.append(sum)
            charge -= sum
        }
        return chosen
    }

    private static let table: [Element: [State]] = {
        var table: [Element: [State]] = [:]
        for line in elementTable.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let symbol = words.first, let element = Element(symbol: String(symbol)) else { continue }
            table[element] = words.dropFirst().compactMap { word in
                let numbers = word.split(separator: ":").compactMap { Int($0) }
                return numbers.count == 2 ? State(charge: numbers[0], occurrences: numbers[1]) : nil
            }
        }
        return table
    }()
}
