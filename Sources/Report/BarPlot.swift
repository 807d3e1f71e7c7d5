internal import Base

/// Bars side by side for each of some groups, with whiskers for their errors; shares, drawn as SVG.
struct BarPlot {
    struct Bar {
        var value: Double
        var error: Double
    }

    struct Group {
        var name: String
        /// One for each series; nil where there is none.
        var bars: [Bar?]
    }

    var title: String
    /// What the bars of a group are, in their order, and the numbers of their colours in the style sheet.
    var series: [(name: String, colour: Int)]
    var groups: [Group]
    var note = ""
    /// The width of a bar with its gap.
    var slot = 14.0

    private static let height = 260.0
    private static let area = (left: 46.0, top: 14.0, bottom: 222.0)

    func figure() -> String {
        let legend =
            series.count < 2
            ? ""
            : "<p class=\"legend\">"
                + series.map { "<span><i class=\"swatch c\($0.colour)\"></i>\(HTMLText.escape($0.name))</span>" }
                .joined() + "</p>"
        let note = note.isEmpty ? "" : "<p class=\"note\">\(HTMLText.escape(note))</p>"
        return "<figure><h3>\(HTMLText.escape(title))</h3>\(legend)\(svg())\(note)</figure>\n"
    }

    private func svg() -> String {
        let width = groups.map { 10 + slot * Double(max(1, $0.bars.count)) }.reduce(Self.area.left + 14, +)
        let top = max(0.01, groups.flatMap(\.bars).compactMap { $0.map { $0.value + $0.error } }.max() ?? 0)
        let ticks = NiceTicks(covering: 0...top)
        let limit = ticks.range.upperBound
        func y(_ value: Double) -> Double {
            Self.area.bottom - (Self.area.bottom - Self.area.top) * max(0, min(1, value / limit))
        }
        var body = ""
        for tick in ticks.values {
            let place = SVGFrame.number(y(tick))
            body +=
                "<line class=\"grid\" x1=\"\(Self.area.left)\" x2=\"\(SVGFrame.number(width - 6))\" y1=\"\(place)\" "
                + "y2=\"\(place)\"/><text class=\"tick\" x=\"\(Self.area.left - 6)\" y=\"\(place)\" dy=\"4\" "
                + "text-anchor=\"end\">\(HumanFormat.trimmed(100 * tick)) %</text>"
        }
        var x = Self.area.left + 8
        for group in groups {
            let begin = x
            for (bar, series) in zip(group.bars, series) {
                if let bar { body += drawing(bar, colour: series.colour, x: x, y: y) }
                x += slot
            }
            let middle = SVGFrame.number((begin + x) / 2 - 1)
            body +=
                "<text class=\"tick\" x=\"\(middle)\" y=\"\(Self.area.bottom + 14)\" text-anchor=\"middle\">"
                + "\(HTMLText.escape(group.name))</text>"
            x += 10
        }
        let label = HTMLText.escape(title)
        return "<svg viewBox=\"0 0 \(SVGFrame.number(max(width, 300))) \(SVGFrame.number(Self.height))\" role=\"img\" "
            + "aria-label=\"\(label)\">\(body)</svg>"
    }

    private func drawing(_ bar: Bar, colour: Int, x: Double, y: (Double) -> Double) -> String {
        let top = y(bar.value)
        let middle = SVGFrame.number(x + slot / 2 - 1)
        return "<rect class=\"column c\(colour)\" x=\"\(SVGFrame.number(x))\" y=\"\(SVGFrame.number(top))\" "
            + "width=\"\(SVGFrame.number(slot - 2))\" height=\"\(SVGFrame.number(Self.area.bottom - top))\"/>"
            + "<line class=\"whisker c\(colour)\" x1=\"\(middle)\" x2=\"\(middle)\" "
            + "y1=\"\(SVGFrame.number(y(bar.value - bar.error)))\" "
            + "y2=\"\(SVGFrame.number(y(bar.value + bar.error)))\"/>"
    }
}
