internal import Base
package import Crystals

/// Whether a composition can be a compound by its elements alone: charges that cancel, borne by elements whose
/// electronegativities agree with them. The test of CDVAE and of the papers after it, by the rules of SMACT's
/// `smact_validity` (arXiv 2110.06197, appendix; smact 4.0.2).
///
/// A single element is valid, and so are metals alone. Else each element takes one of its oxidation states, all of its
/// atoms the same; the charges must add up to 0, and every element with a positive state must be less electronegative
/// than every one with a negative state.
package struct CompositionValidity: Sendable {
    /// A list of oxidation states.
    package enum States: String, Sendable, CaseIterable {
        /// The list of 2014, by which CDVAE and the papers after it count (`Element.oxidation_states` before smact 3).
        case smact14
        /// What `smact_validity` takes by default since smact 3: states with some reports in the ICSD of 2024.
        case icsd24
    }

    /// The answer for a composition.
    package enum Verdict: String, Sendable, Hashable {
        case valid
        /// No choice of oxidation states is neutral.
        case notNeutral = "not_neutral"
        /// Choices are neutral, but none has its positive states on the less electronegative elements.
        case notBalanced = "not_balanced"
        /// An element has no oxidation state in the list.
        case unknownElement = "unknown_element"
        /// Amounts are not whole, or beyond a million.
        case notWhole = "not_whole"

        package var isValid: Bool { self == .valid }
    }

    private static let amountLimit = 1e6

    private let states: States
    private let checksElectronegativity: Bool
    private let allowsAlloys: Bool

    /// - Parameters:
    ///   - checksElectronegativity: whether neutral choices must agree with the electronegativities.
    ///   - allowsAlloys: whether metals alone are valid.
    package init(
        states: States = .smact14, checksElectronegativity: Bool = true, allowsAlloys: Bool = true
    ) {
        self.states = states
        self.checksElectronegativity = checksElectronegativity
        self.allowsAlloys = allowsAlloys
    }

    /// What the rules say of a composition; amounts may have a common divisor.
    ///
    /// - Complexity: O(elements x sums of charges x states), for each of the electronegativities.
    package func verdict(of composition: Composition) -> Verdict {
        let elements = composition.elements
        var members: [Member] = []
        for element in elements {
            let amount = composition.amounts[element] ?? 0
            guard amount <= Self.amountLimit, let whole = Int(exactly: amount), whole > 0 else { return .notWhole }
            members.append(Member(Self.properties(of: element), states, amount: whole))
        }
        guard !members.isEmpty else { return .notWhole }
        if members.count == 1 || allowsAlloys && members.allSatisfy(\.isMetal) { return .valid }
        guard members.allSatisfy({ !$0.states.isEmpty }) else { return .unknownElement }
        var divisor = 0
        for member in members { divisor = greatestCommonDivisor(divisor, member.amount) }
        for index in members.indices { members[index].amount /= divisor }
        guard Self.isNeutral(members, where: { _, _ in true }) else { return .notNeutral }
        guard checksElectronegativity else { return .valid }
        return Self.isBalanced(members) ? .valid : .notBalanced
    }

    /// Whether a neutral choice has its positive states below some electronegativity and its negative ones above.
    private static func isBalanced(_ members: [Member]) -> Bool {
        let values = members.compactMap(\.electronegativity)
        guard values.count == members.count else { return false }
        // Between two neighbouring values lies a border; beyond the last one, all states are positive or 0.
        for border in [-Double.infinity] + Set(values).sorted()
        where isNeutral(
            members,
            where: { member, state in
                state == 0 || (state > 0) == ((member.electronegativity ?? 0) <= border)
            })
        { return true }
        return false
    }

    /// Whether charges add up to 0 with one of the allowed states for each element.
    private static func isNeutral(_ members: [Member], where isAllowed: (Member, Int) -> Bool) -> Bool {
        let allowed = members.map { member in member.states.filter { isAllowed(member, $0) } }
        guard allowed.allSatisfy({ !$0.isEmpty }) else { return false }
        // Sums that the elements still to come cannot bring back to 0 are not followed.
        var lowest = [Int](repeating: 0, count: members.count + 1)
        var highest = lowest
        for index in members.indices.reversed() {
            lowest[index] = lowest[index + 1] + members[index].amount * (allowed[index].min() ?? 0)
            highest[index] = highest[index + 1] + members[index].amount * (allowed[index].max() ?? 0)
        }
        var sums: Set<Int> = [0]
        for index in members.indices {
            var next: Set<Int> = []
            for sum in sums {
                for state in allowed[index] {
                    let total = sum + state * members[index].amount
                    if total + lowest[index + 1] <= 0, total + highest[index + 1] >= 0 { next.insert(total) }
                }
            }
            if next.isEmpty { return false }
            sums = next
        }
        return sums.contains(0)
    }

    /// An element of a composition.
    private struct Member {
        let electronegativity: Double?
        let isMetal: Bool
        let states: [Int]
        var amount: Int

        init(_ properties: ElementProperties?, _ list: States, amount: Int) {
            electronegativity = properties?.electronegativity
            isMetal = properties?.isMetal ?? false
            states = properties?.states[list] ?? []
            self.amount = amount
        }
    }

    /// What SMACT knows of an element.
    private struct ElementProperties: Sendable {
        let electronegativity: Double?
        let isMetal: Bool
        let states: [States: [Int]]
    }

    private static func properties(of element: Element) -> ElementProperties? { table[element] }

    private static let table: [Element: ElementProperties] = {
        var table: [Element: ElementProperties] = [:]
        for line in elementTable.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 5, let element = Element(symbol: String(words[0])) else { continue }
            func list(_ word: Substring) -> [Int] { word.split(separator: ",").compactMap { Int($0) } }
            table[element] = ElementProperties(
                electronegativity: Double(words[1]), isMetal: words[2] == "m",
                states: [.smact14: list(words[3]), .icsd24: list(words[4])])
        }
        return table
    }()
}
