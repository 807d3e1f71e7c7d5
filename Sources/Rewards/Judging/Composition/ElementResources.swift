import Crystals

/// What it costs to come by an element, and who has it; nil where the source has no number.
struct ElementResources: Sendable, Hashable {
    /// USD/kg.
    let price: Double?
    /// Parts per million of the continental crust by mass.
    let crustalAbundance: Double?
    /// Herfindahl-Hirschman index of the countries that produce it, 0 to 10,000 (one country alone).
    let hhiProduction: Double?
    /// The same of the countries that have reserves.
    let hhiReserve: Double?

    /// Of an element; all nil for one that no source has.
    init(of element: Element) {
        self = Self.table[element] ?? ElementResources(price: nil, abundance: nil, production: nil, reserve: nil)
    }

    private init(price: Double?, abundance: Double?, production: Double?, reserve: Double?) {
        self.price = price
        crustalAbundance = abundance
        hhiProduction = production
        hhiReserve = reserve
    }

    private static let table: [Element: ElementResources] = {
        var table: [Element: ElementResources] = [:]
        for line in elementTable.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 5, let element = Element(symbol: String(words[0])) else { continue }
            table[element] = ElementResources(
                price: Double(words[1]), abundance: Double(words[2]), production: Double(words[3]),
                reserve: Double(words[4]))
        }
        return table
    }()
}
