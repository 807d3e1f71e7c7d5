package import Crystals

extension Composition {
    /// The price of the elements in it, USD/kg: the mean by mass. It is what the elements cost, not the compound.
    ///
    /// Nil where an element has no price.
    package var price: Double? { massMean(\.price) }

    /// The abundance of its rarest element in the continental crust, parts per million by mass: what there is little of
    /// decides how much can be made, however common the rest is.
    ///
    /// Nil where an element has none (those that occur in traces at most).
    package var crustalAbundance: Double? {
        var least: Double?
        for element in elements {
            guard let value = ElementResources(of: element).crustalAbundance else { return nil }
            least = min(least ?? value, value)
        }
        return least
    }

    /// The Herfindahl-Hirschman index of production, the mean by mass (Gaultois et al., Chem. Mater. 25, 2911, 2013):
    /// 0 to 10,000, below 1,500 for elements that many countries produce, above 2,500 for those of few.
    ///
    /// Nil where an element has none, such as hydrogen.
    package var hhiProduction: Double? { massMean(\.hhiProduction) }

    /// The same of reserves.
    package var hhiReserve: Double? { massMean(\.hhiReserve) }

    /// The mean over the elements by mass; nil if one lacks the value, or there are no elements.
    private func massMean(_ value: (ElementResources) -> Double?) -> Double? {
        guard !amounts.isEmpty else { return nil }
        var sum = 0.0
        for element in elements {
            guard let value = value(ElementResources(of: element)) else { return nil }
            sum += value * massFraction(of: element)
        }
        return sum
    }
}
