/// A chemical element, hydrogen (1) to oganesson (118).
package struct Element: Hashable, Comparable, Sendable {
    /// The atomic number, 1...118.
    package let atomicNumber: Int

    /// The element of an atomic number; nil outside 1...118.
    package init?(atomicNumber: Int) {
        guard (1...118).contains(atomicNumber) else { return nil }
        self.atomicNumber = atomicNumber
    }

    /// The element of a symbol such as "Fe" (case-sensitive; "D" and "T" are read as H); nil if there is none.
    package init?(symbol: String) {
        guard let number = Element.numbers[symbol] else { return nil }
        atomicNumber = number
    }

    /// All elements, in order of atomic number.
    package static let all = (1...118).compactMap { Element(atomicNumber: $0) }

    /// The chemical symbol.
    package var symbol: String { Element.symbols[atomicNumber - 1] }

    package static func < (left: Element, right: Element) -> Bool { left.atomicNumber < right.atomicNumber }

    private static let symbols: [String] = """
        H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr \
        Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu \
        Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr \
        Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
        """.split(separator: " ").map(String.init)

    private static let numbers: [String: Int] = {
        var table = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($1, $0 + 1) })
        table["D"] = 1
        table["T"] = 1
        return table
    }()
}
