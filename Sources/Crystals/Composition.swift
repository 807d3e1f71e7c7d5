/// Amounts of elements, such as those of one cell.
package struct Composition: Sendable, Hashable {
    /// The amount of each element; all positive.
    package let amounts: [Element: Double]

    /// Amounts that are not positive are left out.
    package init(_ amounts: [Element: Double]) {
        self.amounts = amounts.filter { $0.value > 0 }
    }

    /// The sum of the amounts.
    package var atomCount: Double {
        amounts.keys.sorted().reduce(0) { $0 + (amounts[$1] ?? 0) }
    }

    /// The elements in order of atomic number.
    package var elements: [Element] { amounts.keys.sorted() }

    /// The share of the atoms that an element has, 0...1.
    package func fraction(of element: Element) -> Double { (amounts[element] ?? 0) / atomCount }
}
