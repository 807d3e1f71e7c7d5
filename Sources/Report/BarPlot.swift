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

    private static let area = (left: 50.0, right: 552.0, top: 14.0, bottom: 232.0)
    private static let widestBar = 24.0
    /// Of a letter, about.
    private static let letter = 7.0

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
        let ticks = NiceTicks(covering: 0...max(0.01, groups.flatMap(\.bars).compactMap { $0.map(\.top) }.max() ?? 0))
        let limit = ticks.range.upperBound
        func y(_ value: Double) -> Double {
            Self.area.bottom - (Self.area.bottom - Self.area.top) * max(0, min(1, value / limit))
        }
        var body = ""
        for tick in ticks.values {
            let place = SVGFrame.number(y(tick))
            body +=
                "<line class=\"grid\" x1=\"\(Self.area.left)\" x2=\"\(Self.area.right)\" y1=\"\(place)\" "
                + "y2=\"\(place)\"/><text class=\"tick\" x=\"\(Self.area.left - 6)\" y=\"\(place)\" dy=\"4\" "
                + "text-anchor=\"end\">\(HumanFormat.trimmed(100 * tick))%</text>"
        }
        let slot = (Self.area.right - Self.area.left) / Double(max(1, groups.count))
        let bar = min(Self.widestBar, 0.8 * slot / Double(max(1, series.count)))
        let isSlanted = groups.contains { Double($0.name.count) * Self.letter > slot }
        for (index, group) in groups.enumerated() {
            let middle = Self.area.left + (Double(index) + 0.5) * slot
            var x = middle - bar * Double(group.bars.count) / 2
            for (value, series) in zip(group.bars, series) {
                if let value { body += drawing(value, colour: series.colour, x: x, width: bar, y: y) }
                x += bar
            }
            body += label(group.name, x: middle, isSlanted: isSlanted)
        }
        let height = isSlanted ? 300 : 256
        return "<svg viewBox=\"0 0 \(SVGFrame.number(SVGPlot.width)) \(height)\" role=\"img\" "
            + "aria-label=\"\(HTMLText.escape(title))\">\(body)</svg>"
    }

    private func label(_ name: String, x: Double, isSlanted: Bool) -> String {
        let place = "x=\"\(SVGFrame.number(x))\" y=\"\(Self.area.bottom + 16)\""
        guard isSlanted else {
            return "<text class=\"tick\" \(place) text-anchor=\"middle\">\(HTMLText.escape(name))</text>"
        }
        let turn = "transform=\"rotate(-35 \(SVGFrame.number(x)) \(Self.area.bottom + 16))\""
        return "<text class=\"tick\" \(place) \(turn) text-anchor=\"end\">\(HTMLText.escape(name))</text>"
    }

    private func drawing(_ bar: Bar, colour: Int, x: Double, width: Double, y: (Double) -> Double) -> String {
        let top = y(bar.value)
        let middle = SVGFrame.number(x + width / 2)
        return "<rect class=\"column c\(colour)\" x=\"\(SVGFrame.number(x + 0.5))\" y=\"\(SVGFrame.number(top))\" "
            + "width=\"\(SVGFrame.number(width - 1))\" height=\"\(SVGFrame.number(Self.area.bottom - top))\"/>"
            + "<line class=\"whisker c\(colour)\" x1=\"\(middle)\" x2=\"\(middle)\" "
            + "y1=\"\(SVGFrame.number(y(bar.value - bar.error)))\" "
            + "y2=\"\(SVGFrame.number(y(bar.top)))\"/>"
    }
}

extension BarPlot.Bar {
    fileprivate var top: Double { value + error }
}
