internal import Base
internal import Foundation

/// Points over two axes, with lines of equal product and fronts, drawn as SVG. The vertical axis is logarithmic where
/// all numbers are above 0.
struct ScatterPlot {
    struct Mark {
        var x: Double
        var y: Double
        /// Drawn strongly.
        var isStrong = true
        /// What a pointer over it is told.
        var tip = ""
    }

    struct Cloud {
        var name: String
        /// The number of its colour in the style sheet; 0: that of what stands behind.
        var colour: Int
        var marks: [Mark]
        /// What none of it dominates: a line of steps.
        var front: [Mark]
    }

    var title: String
    /// Labels of the axes.
    var horizontal: String
    var vertical: String
    /// What lines of equal product are called, such as "figure of merit".
    var product: String
    /// The first lie behind.
    var clouds: [Cloud]
    var note = ""

    private static let size = (width: 1120.0, height: 560.0)
    private static let area = (left: 66.0, right: 1040.0, top: 34.0, bottom: 508.0)

    static let css = """
        .scatter { max-width: 1160px; } svg .c0 { --mark: var(--axis); } .swatch.c0 { background: var(--axis); }
        .mark { fill: var(--mark); fill-opacity: 0.16; } .mark.strong { fill-opacity: 0.8; stroke: var(--card);
        stroke-width: 0.6; }
        .mark.c0 { fill-opacity: 0.3; } .front { fill: none; stroke: var(--mark); stroke-width: 2.4;
        stroke-linejoin: round; } .front.c0 { stroke-dasharray: 7 4; }
        .iso { fill: none; stroke: var(--soft); stroke-opacity: 0.5; stroke-dasharray: 2 4; }
        """

    func figure() -> String {
        let legend = clouds.map {
            "<span><i class=\"swatch c\($0.colour)\"></i>\(HTMLText.escape($0.name))</span>"
        }.joined()
        return "<figure class=\"scatter\"><h3>\(HTMLText.escape(title))</h3><p class=\"legend\">\(legend)</p>\(svg())"
            + "<p class=\"note\">\(HTMLText.escape(note))</p></figure>\n"
    }

    private func svg() -> String {
        let marks = clouds.flatMap { $0.marks + $0.front }
        let box = "0 0 \(SVGFrame.number(Self.size.width)) \(SVGFrame.number(Self.size.height))"
        let start = "<svg viewBox=\"\(box)\" role=\"img\" aria-label=\"\(HTMLText.escape(title))\">"
        guard let scale = Scale(marks, area: Self.area) else {
            return start + "<text x=\"560\" y=\"280\" text-anchor=\"middle\">no crystal has both numbers</text></svg>"
        }
        var body = axes(scale)
        for value in isolines(marks, scale) { body += isoline(value, scale) }
        for cloud in clouds { body += cloud.marks.map { dot($0, cloud, scale) }.joined() }
        for cloud in clouds where !cloud.front.isEmpty { body += front(cloud, scale) }
        return start + body + "</svg>"
    }

    // MARK: Scales

    /// Where numbers stand.
    private struct Scale {
        let x: ClosedRange<Double>
        let y: ClosedRange<Double>
        let isLogarithmic: Bool
        let horizontal: NiceTicks
        let vertical: [Double]
        private let area: (left: Double, right: Double, top: Double, bottom: Double)

        /// Nil without marks.
        init?(_ marks: [Mark], area: (left: Double, right: Double, top: Double, bottom: Double)) {
            guard let low = marks.map(\.y).min(), let high = marks.map(\.y).max(), let left = marks.map(\.x).min(),
                let right = marks.map(\.x).max()
            else { return nil }
            self.area = area
            horizontal = NiceTicks(covering: min(0, left)...max(right, left + 1e-9), count: 9)
            x = min(0, left)...(right > left ? right + 0.02 * (right - left) : left + 1)
            isLogarithmic = low > 0
            guard low > 0 else {
                let ticks = NiceTicks(covering: min(0, low)...high, count: 6)
                (y, vertical) = (ticks.range, ticks.values)
                return
            }
            let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
            let steps = decades.flatMap { decade in [1, 2, 5].map { $0 * pow(10, Double(decade)) } }
            y = (low * 0.92)...(high * 1.08)
            vertical = steps.filter { low * 0.92 <= $0 && $0 <= high * 1.08 }
        }

        func place(_ value: Double) -> Double {
            area.left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * (area.right - area.left)
        }

        func height(_ value: Double) -> Double {
            let share =
                isLogarithmic
                ? log(max(value, y.lowerBound) / y.lowerBound) / log(y.upperBound / y.lowerBound)
                : (value - y.lowerBound) / (y.upperBound - y.lowerBound)
            return area.bottom - min(max(share, 0), 1) * (area.bottom - area.top)
        }
    }

    private func axes(_ scale: Scale) -> String {
        let area = Self.area
        var body = ""
        for value in scale.vertical {
            let y = SVGFrame.number(scale.height(value))
            body +=
                "<line class=\"grid\" x1=\"\(area.left)\" x2=\"\(area.right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
                + "<text class=\"tick\" x=\"\(area.left - 8)\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">"
                + "\(HumanFormat.trimmed(value))</text>"
        }
        for value in scale.horizontal.values(within: scale.x) {
            let x = SVGFrame.number(scale.place(value))
            body +=
                "<line class=\"axis\" x1=\"\(x)\" x2=\"\(x)\" y1=\"\(area.bottom)\" y2=\"\(area.bottom + 5)\"/>"
                + "<text class=\"tick\" x=\"\(x)\" y=\"\(area.bottom + 20)\" text-anchor=\"middle\">"
                + "\(scale.horizontal.text(value))</text>"
        }
        return body
            + "<line class=\"axis\" x1=\"\(area.left)\" x2=\"\(area.right)\" y1=\"\(area.bottom)\" "
            + "y2=\"\(area.bottom)\"/>"
            + "<text class=\"label\" x=\"4\" y=\"14\">\(HTMLText.escape(vertical))</text>"
            + "<text class=\"label\" x=\"\((area.left + area.right) / 2)\" y=\"\(area.bottom + 42)\" "
            + "text-anchor=\"middle\">\(HTMLText.escape(horizontal))</text>"
    }

    // MARK: Lines of equal product

    /// Of 1, 2, 5, 10, ..., the largest four that some crystal reaches and one beyond.
    private func isolines(_ marks: [Mark], _ scale: Scale) -> [Double] {
        let largest = marks.map { $0.x * $0.y }.max() ?? 0
        guard largest > 0, largest.isFinite else { return [] }
        let decade = Int(log10(largest).rounded(.down))
        let values = (decade - 2...decade + 1).flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
        let reached = values.filter { $0 <= largest }.suffix(4)
        return Array(reached + values.filter { $0 > largest }.prefix(1))
    }

    private func isoline(_ value: Double, _ scale: Scale) -> String {
        // Where the line enters at the top and leaves at the bottom or the right.
        let low = max(value / scale.y.upperBound, scale.x.lowerBound)
        let bottom = scale.y.lowerBound > 0 ? value / scale.y.lowerBound : .infinity
        let high = min(bottom, scale.x.upperBound)
        guard low > 0, low < high else { return "" }
        let points = (0...60).map { step in
            let x = low + (high - low) * Double(step) / 60
            return "\(SVGFrame.number(scale.place(x))),\(SVGFrame.number(scale.height(value / x)))"
        }
        let leavesRight = bottom > scale.x.upperBound
        let label =
            leavesRight
            ? "<text class=\"tick\" x=\"\(Self.area.right + 6)\" y=\"\(SVGFrame.number(scale.height(value / high)))\" "
                + "dy=\"4\">\(HumanFormat.trimmed(value))</text>"
            : "<text class=\"tick\" x=\"\(SVGFrame.number(scale.place(high) + 3))\" y=\"\(Self.area.bottom - 6)\">"
                + "\(HumanFormat.trimmed(value))</text>"
        return "<polyline class=\"iso\" points=\"\(points.joined(separator: " "))\">"
            + "<title>\(HTMLText.escape(product)) \(HumanFormat.trimmed(value))</title></polyline>\(label)"
    }

    // MARK: Marks

    private func dot(_ mark: Mark, _ cloud: Cloud, _ scale: Scale) -> String {
        let kind = mark.isStrong && cloud.colour > 0 ? "mark strong" : "mark"
        let tip = mark.tip.isEmpty ? "" : "<title>\(HTMLText.escape(mark.tip))</title>"
        return "<circle class=\"\(kind) c\(cloud.colour)\" cx=\"\(SVGFrame.number(scale.place(mark.x)))\" "
            + "cy=\"\(SVGFrame.number(scale.height(mark.y)))\" r=\"\(cloud.colour == 0 ? "1.6" : "3.4")\">"
            + "\(tip)</circle>"
    }

    /// Steps along what the front dominates, to both axes.
    private func front(_ cloud: Cloud, _ scale: Scale) -> String {
        let sorted = cloud.front.sorted { ($0.x, $1.y) < ($1.x, $0.y) }
        guard let first = sorted.first, let last = sorted.last else { return "" }
        var corners = [(scale.x.lowerBound, first.y), (first.x, first.y)]
        for (before, point) in zip(sorted, sorted.dropFirst()) { corners += [(before.x, point.y), (point.x, point.y)] }
        corners.append((last.x, scale.y.lowerBound))
        let points = corners.map { "\(SVGFrame.number(scale.place($0.0))),\(SVGFrame.number(scale.height($0.1)))" }
        return "<polyline class=\"front c\(cloud.colour)\" points=\"\(points.joined(separator: " "))\">"
            + "<title>\(HTMLText.escape("front: \(cloud.name)"))</title></polyline>"
    }
}
