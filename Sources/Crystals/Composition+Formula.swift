import Base
import Foundation

extension Composition {
    /// All amounts in order of electronegativity, such as "Na4 Cl4".
    package var formula: String {
        Composition.ordered(Array(amounts.keys))
            .map { "\($0.symbol)\(Composition.text(amounts[$0] ?? 0))" }
            .joined(separator: " ")
    }

    /// The formula with whole amounts divided by their greatest common divisor, such as "NaCl" or "Ca3Al2(SiO4)3".
    /// Gases and peroxides stay as they are known ("O2", "H2O2"); amounts that are not whole are not reduced.
    package var reducedFormula: String {
        let whole = amounts.mapValues { $0.rounded() }
        guard amounts.allSatisfy({ ($0.value - $0.value.rounded()).magnitude < 1e-8 && $0.value < 1e9 }) else {
            return formula.filter { $0 != " " }
        }
        let formula = Composition.reduced(whole.filter { $0.value > 0 }).formula
        return Composition.unreduced[formula] ?? formula
    }

    /// Kept as molecules.
    private static let unreduced = [
        "LiO": "Li2O2", "NaO": "Na2O2", "KO": "K2O2", "HO": "H2O2", "CsO": "Cs2O2", "RbO": "Rb2O2", "O": "O2",
        "N": "N2",
        "F": "F2", "Cl": "Cl2", "H": "H2",
    ]

    /// The least electronegative first; elements without a value last.
    private static func ordered(_ elements: [Element]) -> [Element] {
        elements.sorted { left, right in
            let (x, y) = (left.electronegativity ?? .infinity, right.electronegativity ?? .infinity)
            return x == y ? left.symbol < right.symbol : x < y
        }
    }

    private static func reduced(_ amounts: [Element: Double]) -> (formula: String, factor: Int) {
        let elements = ordered(Array(amounts.keys))
        let factor = max(1, amounts.values.reduce(0) { greatestCommonDivisor($0, Int($1)) })
        var rest = elements[...]
        var anion = ""
        if elements.count >= 3, let last = elements[elements.count - 1].electronegativity,
            let before = elements[elements.count - 2].electronegativity, last - before < 1.65
        {
            let pair = Dictionary(
                uniqueKeysWithValues: elements.suffix(2).map { ($0, (amounts[$0] ?? 0) / Double(factor)) })
            let group = reduced(pair)
            if group.factor != 1 {
                anion = "(\(group.formula))\(group.factor)"
                rest = elements.dropLast(2)
            }
        }
        let text = rest.map { element in
            let amount = (amounts[element] ?? 0) / Double(factor)
            return element.symbol + (amount == 1 ? "" : Composition.text(amount))
        }
        return (text.joined() + anion, factor)
    }

    /// A whole number without a point, else up to eight decimals.
    private static func text(_ amount: Double) -> String {
        if amount == amount.rounded(), amount.magnitude < 1e15 { return "\(Int(amount))" }
        var text = String(format: "%.8f", amount)
        while text.hasSuffix("0") { text.removeLast() }
        return text
    }
}
