import Base
import Crystals

/// The periodic table as SVG, each element shaded by the share of crystals that contain it.
package enum PeriodicTable {
    private static let cell = 30.0
    private static let lastOfPeriod = [2, 10, 18, 36, 54, 86, 118]

    /// - Parameters:
    ///   - counts: crystals with each element, by symbol.
    ///   - total: all crystals.
    package static func svg(counts: [String: Int], total: Int) -> String {
        let shares = counts.mapValues { total > 0 ? Double($0) / Double(total) : 0 }
        let largest = shares.values.max() ?? 0
        var body = ""
        for number in 1...118 {
            guard let symbol = Element(atomicNumber: number)?.symbol else { continue }
            let (row, column) = place(ofAtomicNumber: number)
            let share = shares[symbol] ?? 0
            // The square root keeps rare elements visible beside oxygen.
            let opacity = largest > 0 ? (share / largest).squareRoot() : 0
            let left = Double(column - 1) * cell + 1
            let top = (Double(row - 1) + (row > 7 ? 0.4 : 0)) * cell + 1
            let box = "x=\"\(SVGFrame.number(left))\" y=\"\(SVGFrame.number(top))\" width=\"28\" height=\"28\" rx=\"3\""
            let tip = HTMLText.escape("\(symbol): \(HumanFormat.percent(share))")
            body += "<g><title>\(tip)</title><rect class=\"element\" \(box)/>"
            if share > 0 {
                body +=
                    "<rect class=\"element-share\" \(box) fill-opacity=\"\(HumanFormat.fixed(opacity, decimals: 2))\"/>"
            }
            let style = opacity > 0.6 ? "on" : share > 0 ? "some" : "none"
            body += "<text class=\"element-name \(style)\" x=\"\(SVGFrame.number(left + 14))\""
            body += " y=\"\(SVGFrame.number(top + 18.5))\" text-anchor=\"middle\">\(symbol)</text></g>"
        }
        return "<svg viewBox=\"0 0 540 284\" role=\"img\" aria-label=\"periodic table\">\(body)</svg>"
    }

    /// Row 1...7, or 8 and 9 for lanthanides and actinides, and column 1...18.
    package static func place(ofAtomicNumber number: Int) -> (row: Int, column: Int) {
        let row = (lastOfPeriod.firstIndex { number <= $0 } ?? 6) + 1
        let offset = number - (row > 1 ? lastOfPeriod[row - 2] : 0) - 1
        switch row {
        case 1: return (1, offset == 0 ? 1 : 18)
        case 2, 3: return (row, offset < 2 ? offset + 1 : offset + 11)
        case 4, 5: return (row, offset + 1)
        default:
            if offset < 2 { return (row, offset + 1) }
            return offset < 17 ? (row + 2, offset + 1) : (row, offset - 13)
        }
    }
}
