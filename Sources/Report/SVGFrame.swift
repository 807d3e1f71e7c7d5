import Base

/// The axes of a plot, and drawing in their coordinates.
struct SVGFrame {
    private let plot: SVGPlot
    private let horizontalTicks: NiceTicks
    private let verticalTicks: NiceTicks
    private let horizontalRange: ClosedRange<Double>
    private let verticalRange: ClosedRange<Double>
    private let area = SVGPlot.plotArea

    /// - Precondition: there are points.
    init(_ plot: SVGPlot, points: [SVGPlot.Point], series: [SVGPlot.Series]) {
        precondition(!points.isEmpty)
        self.plot = plot
        var (left, right) = (points[0].x, points[0].x)
        var (low, high) = plot.vertical.showsZero ? (0, 0) : (points[0].y, points[0].y)
        for point in points {
            (left, right) = (min(left, point.x), max(right, point.x))
            (low, high) = (min(low, point.y - (point.error ?? 0)), max(high, point.y + (point.error ?? 0)))
        }
        for case .steps(let width) in series.map(\.kind) {
            right = max(right, (points.map(\.x).max() ?? right) + width)
        }
        for rule in plot.rules where !rule.isVertical && rule.value.isFinite {
            (low, high) = (min(low, rule.value), max(high, rule.value))
        }
        if plot.vertical.holdsShares { (low, high) = (max(low, 0), min(high, 1)) }
        if plot.vertical.showsZero && low == high { high = low + (plot.vertical.holdsShares ? 0.1 : 1) }
        let horizontal = left...right
        horizontalTicks = NiceTicks(covering: horizontal, count: 8, integers: plot.horizontal.holdsIntegers)
        verticalTicks = NiceTicks(
            covering: low...high, count: 5, integers: plot.vertical.holdsIntegers)
        // The horizontal axis ends where the data end, the vertical one at a tick.
        horizontalRange = horizontal.upperBound > horizontal.lowerBound ? horizontal : horizontalTicks.range
        verticalRange = verticalTicks.range
    }

    /// A coordinate with one decimal.
    static func number(_ value: Double) -> String {
        let text = HumanFormat.fixed(value, decimals: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// Grid, ticks and labels.
    func axes() -> String {
        var result = ""
        for value in verticalTicks.values {
            let height = y(value)
            let style = value == 0 ? "axis" : "grid"
            result += line(from: (area.left, height), to: (area.right, height), style: style)
            result += plot.text(
                label(value, verticalTicks, plot.vertical), x: area.left - 8, y: height + 4, anchor: "end",
                style: "tick")
        }
        for value in horizontalTicks.values(within: horizontalRange) {
            let place = x(value)
            result += line(from: (place, area.bottom), to: (place, area.bottom + 5), style: "axis")
            result += plot.text(
                label(value, horizontalTicks, plot.horizontal), x: place, y: area.bottom + 20, anchor: "middle",
                style: "tick")
        }
        result += line(from: (area.left, area.bottom), to: (area.right, area.bottom), style: "axis")
        result += plot.text(plot.vertical.label, x: 4, y: 13, style: "label")
        result += plot.text(
            plot.horizontal.label, x: (area.left + area.right) / 2, y: SVGPlot.height - 8, anchor: "middle",
            style: "label")
        return result
    }

    /// A series as its kind is drawn.
    func drawing(_ series: SVGPlot.Series) -> String {
        switch series.kind {
        case .line: line(series)
        case .steps(let width): steps(series, width: width)
        case .dots: dots(series)
        }
    }

    /// A dashed line with a label.
    func rule(_ rule: SVGPlot.Rule) -> String {
        guard rule.value.isFinite else { return "" }
        if rule.isVertical {
            guard horizontalRange.contains(rule.value) else { return "" }
            let place = x(rule.value)
            return line(from: (place, area.top - 8), to: (place, area.bottom), style: "rule")
                + plot.text(rule.label, x: place + 5, y: area.top, style: "tick")
        }
        let height = y(rule.value)
        return line(from: (area.left, height), to: (area.right, height), style: "rule")
            + plot.text(rule.label, x: area.right, y: height - 5, anchor: "end", style: "tick")
    }

    private func line(_ series: SVGPlot.Series) -> String {
        let colour = "c\(series.colour)"
        let isCrowded = series.points.count > 40
        var result = ""
        if isCrowded && series.points.allSatisfy({ $0.error != nil }) {
            let upper = series.points.map { pair(x($0.x), y($0.y + ($0.error ?? 0))) }
            let lower = series.points.reversed().map { pair(x($0.x), y($0.y - ($0.error ?? 0))) }
            result += "<polygon class=\"band \(colour)\" points=\"\((upper + lower).joined(separator: " "))\"/>"
        }
        let path = series.points.map { pair(x($0.x), y($0.y)) }.joined(separator: " ")
        result += "<polyline class=\"line \(colour)\" points=\"\(path)\"/>"
        for point in series.points {
            if let error = point.error, error > 0, !isCrowded {
                result += line(
                    from: (x(point.x), y(point.y - error)), to: (x(point.x), y(point.y + error)),
                    style: "whisker \(colour)")
            }
            let style = isCrowded ? "hidden" : "dot \(colour)"
            result +=
                "<circle class=\"\(style)\" cx=\"\(SVGFrame.number(x(point.x)))\" cy=\"\(SVGFrame.number(y(point.y)))\""
            result += " r=\"\(isCrowded ? 6 : 3.5)\"><title>\(HTMLText.escape(tip(series, point)))</title></circle>"
        }
        return result
    }

    private func dots(_ series: SVGPlot.Series) -> String {
        series.points.map { point in
            let place = "cx=\"\(SVGFrame.number(x(point.x)))\" cy=\"\(SVGFrame.number(y(point.y)))\""
            return "<circle class=\"mark c\(series.colour)\" \(place) r=\"2.2\"/>"
        }.joined()
    }

    private func steps(_ series: SVGPlot.Series, width: Double) -> String {
        guard let first = series.points.first, let last = series.points.last else { return "" }
        var corners = [pair(x(first.x), y(0))]
        for point in series.points {
            corners.append(pair(x(point.x), y(point.y)))
            corners.append(pair(x(point.x + width), y(point.y)))
        }
        corners.append(pair(x(last.x + width), y(0)))
        var result = "<polygon class=\"steps c\(series.colour)\" points=\"\(corners.joined(separator: " "))\"/>"
        for point in series.points where point.y > 0 {
            let top = y(point.y)
            let box = [
                "x=\"\(SVGFrame.number(x(point.x)))\"", "y=\"\(SVGFrame.number(top))\"",
                "width=\"\(SVGFrame.number(x(point.x + width) - x(point.x)))\"",
                "height=\"\(SVGFrame.number(max(y(0) - top, 0)))\"",
            ].joined(separator: " ")
            result += "<rect class=\"hidden\" \(box)><title>\(HTMLText.escape(tip(series, point)))</title></rect>"
        }
        return result
    }

    /// What a pointer over a point is told.
    private func tip(_ series: SVGPlot.Series, _ point: SVGPlot.Point) -> String {
        let isShare = plot.vertical.holdsShares
        let value = isShare ? HumanFormat.percent(point.y) : HumanFormat.number(point.y)
        let error = point.error.map { " ± \(isShare ? HumanFormat.percent($0) : HumanFormat.number($0))" } ?? ""
        var place = HumanFormat.trimmed(point.x)
        if case .steps(let width) = series.kind { place += " to \(HumanFormat.trimmed(point.x + width))" }
        return "\(series.name), \(plot.horizontal.label) \(place): \(value)\(error)"
    }

    private func label(_ value: Double, _ ticks: NiceTicks, _ axis: SVGPlot.Axis) -> String {
        guard axis.holdsShares else { return ticks.text(value) }
        return "\(HumanFormat.fixed(value * 100, decimals: max(0, ticks.decimals - 2)))%"
    }

    private func line(from start: (Double, Double), to end: (Double, Double), style: String) -> String {
        "<line class=\"\(style)\" x1=\"\(SVGFrame.number(start.0))\" y1=\"\(SVGFrame.number(start.1))\""
            + " x2=\"\(SVGFrame.number(end.0))\" y2=\"\(SVGFrame.number(end.1))\"/>"
    }

    private func pair(_ x: Double, _ y: Double) -> String { "\(SVGFrame.number(x)),\(SVGFrame.number(y))" }

    private func x(_ value: Double) -> Double {
        let share = (value - horizontalRange.lowerBound) / (horizontalRange.upperBound - horizontalRange.lowerBound)
        return area.left + share * (area.right - area.left)
    }

    private func y(_ value: Double) -> Double {
        let held = min(max(value, verticalRange.lowerBound), verticalRange.upperBound)
        let share = (held - verticalRange.lowerBound) / (verticalRange.upperBound - verticalRange.lowerBound)
        return area.bottom - share * (area.bottom - area.top)
    }
}
