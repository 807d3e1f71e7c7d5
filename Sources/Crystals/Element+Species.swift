import Base

extension Element {
    /// The element of a species: a symbol, behind which an oxidation state may stand ("Fe", "Fe2+", "O-2", "Cl-",
    /// "Li1+", "Mn2+,spin=5"). The charge is dropped: nothing here depends on it.
    /// - Parameter ignoringCase: whether "FE" and "fe" are iron as well.
    package init?(species: some StringProtocol, ignoringCase: Bool = false) {
        let letters = species.prefix { $0.isASCII && $0.isLetter }
        let rest = species.dropFirst(letters.count).prefix { $0 != "," }
        guard Element.isCharge(rest) else { return nil }
        let capitalized = letters.prefix(1).uppercased() + letters.dropFirst().lowercased()
        self.init(symbol: ignoringCase ? capitalized : String(letters))
    }

    /// Whether a text is an oxidation state or nothing: "2+", "+2", "-", "2.5+", "(2+)", "".
    private static func isCharge(_ text: some StringProtocol) -> Bool {
        var text = Substring(text)
        guard !text.isEmpty else { return true }
        if text.hasPrefix("("), text.hasSuffix(")") || text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        let signs = text.filter { $0 == "+" || $0 == "-" }
        guard Set(signs).count == 1 else { return false }
        let number = text.filter { $0 != "+" && $0 != "-" }
        let isSignOutside =
            text.drop { $0 == "+" || $0 == "-" }.elementsEqual(number)
            || text.elementsEqual(number + signs)
        return isSignOutside && (number.isEmpty || (signs.count == 1 && parseDecimal(number.utf8) != nil))
    }
}
