import Crystals

/// Which element the name of a site in a CIF may mean.
///
/// Names are free text: "Co1" is cobalt, "CO1" cobalt or carbon, "Wat" a water's oxygen, "Vac" nothing at all. What a
/// name alone does not tell is left to the formula, and never guessed.
struct SiteSymbol {
    /// The elements it may be, the likeliest first; empty for a dummy, a vacancy or no element.
    let candidates: [Element]
    /// Whether the first candidate holds unless the formula contradicts; else the formula must decide.
    let isClear: Bool
    /// What an empty list means.
    let reason: String

    private init(_ candidates: [Element?], isClear: Bool, reason: String = "no such element") {
        self.candidates = candidates.compactMap { $0 }
        self.isClear = isClear
        self.reason = reason
    }

    /// Reads an `_atom_site_type_symbol`: a symbol with or without charge in any case ("Fe2+", "FE"), numbered or not.
    init(type given: String) {
        let text = SiteSymbol.plain(given)
        let name = text.reversed().drop { $0.isASCII && $0.isNumber }.reversed()
        if let element = Element(species: text, ignoringCase: true)
            ?? Element(species: String(name), ignoringCase: true)
        {
            self.init([element], isClear: true)
        } else {
            // "OH", "Wat", "H2O": what there is beside the first atom has no place in the list.
            let symbol = SiteSymbol(label: text)
            self.init(symbol.candidates, isClear: false, reason: symbol.reason)
        }
    }

    /// A type without blanks, and without an oxidation state in Roman numerals: "Fe 3+", "Fe(III)".
    private static func plain(_ type: String) -> String {
        let text = type.filter { !$0.isWhitespace }
        guard text.last == ")", let open = text.firstIndex(of: "(") else { return text }
        let inner = text[text.index(after: open)...].dropLast()
        return !inner.isEmpty && inner.allSatisfy { "IVX".contains($0) } ? String(text[..<open]) : text
    }

    /// Another element that a label names behind its first, as for a site that several share: "AlSi1", "La/Ce", "K,Na",
    /// "Al0.5Si0.5"; nil if there is none. A capital alone is a letter of the author's ("AlT", "MgM1").
    private static func partner(of first: Element, in text: String) -> Element? {
        let rest = text.dropFirst(first.symbol.count)
        for index in rest.indices where rest[index].isUppercase {
            let between = rest[..<index]
            let isSeparate = between.last.map { "/,;+&|".contains($0) } ?? false
            let isShare = between.contains(".") && between.allSatisfy { $0.isNumber || $0 == "." }
            guard between.isEmpty || isSeparate || isShare else { continue }
            let letters = rest[index...].prefix(2)
            let two = letters.count == 2 ? Element(symbol: String(letters)) : nil
            if let other = two ?? (isSeparate ? Element(symbol: String(rest[index])) : nil) {
                return other == first ? nil : other
            }
        }
        return nil
    }

    /// Reads an `_atom_site_label`.
    init(label text: String) {
        let letters = text.prefix { $0.isASCII && $0.isLetter }
        let word = letters.lowercased()
        let hydrogen = Element(symbol: "H")
        let oxygen = Element(symbol: "O")
        if SiteSymbol.dummies.contains(word) {
            self.init([], isClear: false, reason: "a dummy or a vacancy, no atom")
            return
        }
        if text.lowercased().hasPrefix("h2o") || SiteSymbol.waters.contains(word) {
            self.init([oxygen], isClear: false)
            return
        }
        if word == "hoh" {
            self.init([oxygen, hydrogen], isClear: false)
            return
        }
        guard let first = letters.first else {
            self.init([], isClear: false)
            return
        }
        let one = Element(symbol: first.uppercased())
        // Behind O, H, C and N the carrier may stand.
        let isLone = letters.count == 1 || !"OHCN".contains(first) && letters.dropFirst().first?.isUppercase == true
        if let named = Element(symbol: "\(letters.prefix(2))") ?? (isLone ? one : nil),
            let other = SiteSymbol.partner(of: named, in: text)
        {
            self.init([named, other], isClear: false)
            return
        }
        // T is a tetrahedral site more often than tritium, RE and REE are the rare earths.
        if word == "t" || letters == "RE" || letters == "REE" {
            self.init([Element(symbol: first == "T" ? "H" : "Re")], isClear: false)
            return
        }
        guard let second = letters.dropFirst().first else {
            self.init([one], isClear: true)
            return
        }
        let two = Element(symbol: first.uppercased() + second.lowercased())
        let isMixed = first.isUppercase && second.isLowercase
        switch (two, one) {
        case (nil, let one?): self.init([one], isClear: !isMixed || "OHCN".contains(first))
        case (let two?, nil): self.init([two], isClear: true)
        case (let two, let one): self.init([two, one], isClear: isMixed)
        }
    }

    /// What is left of the candidates under a formula.
    func candidates(under formula: ChemicalFormula?) -> [Element] {
        guard let formula else { return isClear ? Array(candidates.prefix(1)) : candidates }
        if isClear, let first = candidates.first, formula.elements.contains(first) { return [first] }
        return candidates.filter { formula.elements.contains($0) }
    }

    /// Water of crystallisation, by the convention of the American Mineralogist files.
    private static let waters: Set<String> = ["wat", "water"]
    /// Centroids, placeholders and vacancies, some of which begin like an element.
    private static let dummies: Set<String> = [
        "x", "xx", "q", "du", "dum", "dummy", "bq", "cg", "cnt", "cent", "centroid", "lp", "va", "vac", "vacancy",
        "vacant", "void", "box",
    ]
}
