import Base

/// A formula as a file states it, such as 'Ca H2 O2', "Na1 Cl1", "Ca (O H)2" or "Ca 2+, 2(H O 1-)".
package struct ChemicalFormula {
    package let elements: Set<Element>
    /// The amounts; nil where charges stand behind the symbols, so that the digits may be either, or where the formula
    /// leaves amounts open ("x H2O", "(Mg, Fe)2").
    package let composition: Composition?
    /// As given.
    package let text: String

    /// Reads a formula; nil for what is none.
    package init?(_ text: String) {
        guard let (amounts, isOpen) = ChemicalFormula.plain(text) ?? ChemicalFormula.grouped(text) else { return nil }
        let composition = Composition(amounts)
        guard !composition.amounts.isEmpty else { return nil }
        elements = Set(composition.elements)
        self.composition = isOpen || ChemicalFormula.hasUnclearPoint(text) ? nil : composition
        self.text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Whether a point may separate parts or be that of a number, as in "CaSO4.2H2O".
    private static func hasUnclearPoint(_ text: String) -> Bool {
        guard text.contains(".") else { return false }
        let letters = Array(text.utf8)
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        return letters.indices.contains { index in
            guard letters[index] == UInt8(ascii: "."), index > 0, isDigit(letters[index - 1]) else { return false }
            let rest = letters[(index + 1)...].drop(while: isDigit)
            return rest.startIndex > index + 1
                && rest.first.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
                    ?? false
        }
    }

    private typealias Reading = (amounts: [Element: Double], isOpen: Bool)

    /// Words of elements with their amounts or charges.
    private static func plain(_ text: String) -> Reading? {
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
        return (amounts, hasCharges)
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

extension ChemicalFormula {
    /// A formula with groups in parentheses or brackets and parts that commas or dots separate, each with a factor
    /// before it: "Ca(OH)2", "K2 [Pt Cl4]", "Ca S O4 . 2 H2 O", "2(N H4 1+), S O4 2-".
    private static func grouped(_ text: String) -> Reading? {
        var reader = GroupReader(text: Substring(text))
        guard let amounts = reader.formula(), reader.text.isEmpty else { return nil }
        return (amounts, reader.isOpen)
    }

    private struct GroupReader {
        var text: Substring
        /// Whether an amount is a letter or a choice.
        var isOpen = false
        private var depth = 0

        init(text: Substring) { self.text = text }

        /// Parts until the end, or the parenthesis that closes the group.
        mutating func formula() -> [Element: Double]? {
            var sum: [Element: Double] = [:]
            repeat {
                guard let part = part() else { return nil }
                for (element, amount) in part { sum[element, default: 0] += amount }
            } while takeSeparator()
            return sum
        }

        private mutating func part() -> [Element: Double]? {
            skipBlanks()
            let factor = number() ?? 1
            var sum: [Element: Double] = [:]
            while true {
                skipBlanks()
                guard let letter = text.first, !")]}".contains(letter), !isSeparator(letter) else { break }
                let member: [Element: Double]
                if "([{".contains(letter) {
                    depth += 1
                    guard depth < 8 else { return nil }
                    text.removeFirst()
                    guard let inner = formula(), let close = text.popFirst(), ")]}".contains(close) else { return nil }
                    depth -= 1
                    member = inner
                } else if let element = Element(symbol: "\(text.prefix(2))"), text.count > 1 {
                    text.removeFirst(2)
                    member = [element: 1]
                } else if let element = Element(symbol: "\(letter)") {
                    text.removeFirst()
                    member = [element: 1]
                } else if "nxyz".contains(letter) {
                    text.removeFirst()
                    isOpen = true
                    continue
                } else if takeCharge() {
                    continue
                } else {
                    return nil
                }
                let amount = number() ?? 1
                for (element, value) in member { sum[element, default: 0] += value * amount }
            }
            return sum.mapValues { $0 * factor }
        }

        private mutating func skipBlanks() { text = text.drop { $0.isWhitespace } }

        /// Digits right here; those of a charge are none.
        private mutating func number() -> Double? {
            let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            let next = text.dropFirst(digits.count).first
            guard let value = parseDecimal(digits.utf8), value < 1e6, next != "+", next != "-" else { return nil }
            text.removeFirst(digits.count)
            return value
        }

        /// "2+", "+", "1-".
        private mutating func takeCharge() -> Bool {
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            guard let sign = text.dropFirst(digits.count).first, sign == "+" || sign == "-" else { return false }
            text.removeFirst(digits.count + 1)
            return true
        }

        private func isSeparator(_ letter: Character) -> Bool { ",;.*\u{B7}\u{2022}\u{22C5}".contains(letter) }

        private mutating func takeSeparator() -> Bool {
            skipBlanks()
            guard let letter = text.first, isSeparator(letter) else { return false }
            text.removeFirst()
            // A choice of elements on one site.
            if depth > 0, letter == "," { isOpen = true }
            return true
        }
    }
}
