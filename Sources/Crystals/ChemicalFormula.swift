import Base

/// A formula as a file states it, such as 'Ca H2 O2' or "Na1 Cl1".
package struct ChemicalFormula {
    package let elements: Set<Element>
    /// The amounts; nil where charges stand behind the symbols, so that the digits may be either.
    package let composition: Composition?
    /// As given.
    package let text: String

    /// Reads a formula; nil for what is none, such as one with parentheses or unknown amounts.
    package init?(_ text: String) {
        var amounts: [Element: Double] = [:]
        var hasCharges = false
        for word in text.split(whereSeparator: { $0.isWhitespace || $0 == "," }) {
            if word.contains(where: { $0 == "+" || $0 == "-" }) {
                guard let element = Element(symbol: "\(word.prefix { $0.isLetter })") else { return nil }
                hasCharges = true
                amounts[element] = 1
            } else {
                guard let members = ChemicalFormula.members(word) else { return nil }
                for (element, amount) in members { amounts[element, default: 0] += amount }
            }
        }
        let composition = Composition(amounts)
        guard !composition.amounts.isEmpty else { return nil }
        elements = Set(composition.elements)
        self.composition = hasCharges ? nil : composition
        self.text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The elements of one word: "H2", "NaCl", and "CA2" where it is nothing else.
    private static func members(_ word: Substring) -> [(Element, Double)]? {
        var members: [(Element, Double)] = []
        var rest = word
        while !rest.isEmpty {
            let letters = [2, 1].lazy.map { rest.prefix($0) }.first { Element(symbol: "\($0)") != nil }
            guard let letters, let element = Element(symbol: "\(letters)") else { return single(word) }
            rest = rest.dropFirst(letters.count)
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(digits.count)
            guard let amount = digits.isEmpty ? 1 : parseDecimal(digits.utf8), amount < 1e9 else { return nil }
            members.append((element, amount))
        }
        return members
    }

    private static func single(_ word: Substring) -> [(Element, Double)]? {
        let letters = word.prefix { $0.isLetter }
        let digits = word.dropFirst(letters.count)
        guard let element = Element(species: letters, ignoringCase: true),
            let amount = digits.isEmpty ? 1 : parseDecimal(digits.utf8), amount < 1e9
        else { return nil }
        return [(element, amount)]
    }

    /// Whether the atoms of a cell are any multiple of the formula, as far as its decimals tell; true where it has no
    /// amounts but the right elements.
    package func agrees(with cell: Composition) -> Bool {
        guard Set(cell.elements) == elements else { return false }
        guard let amounts = composition?.amounts,
            let most = amounts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })
        else { return true }
        let units = (cell.amounts[most.key] ?? 0) / most.value
        return amounts.allSatisfy { element, amount in
            ((cell.amounts[element] ?? 0) / units - amount).magnitude <= 0.006 + 0.002 * amount
        }
    }
}
