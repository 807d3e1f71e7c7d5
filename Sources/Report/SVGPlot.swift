/// A plot of lines or steps over two linear axes, drawn as SVG. Colours come from the page's style sheet.
package struct SVGPlot {
    package struct Point: Equatable {
        package var x: Double
        package var y: Double
        /// The standard error of `y`; nil if it has none.
        package var error: Double?

        package init(x: Double, y: Double, error: Double? = nil) {
            (self.x, self.y, self.error) = (x, y, error)
        }

        var isFinite: Bool { x.isFinite && y.isFinite && (error?.isFinite ?? true) }
    }

    package struct Series {
        package enum Kind: Equatable {
            /// Points joined by a line, with a band or whiskers for the errors.
            case line
            /// Bars without gaps, each from its point's x to x + width.
            case steps(width: Double)
            /// Dots alone, all of them.
            case dots
        }

        package var name: String
        /// The number of its colour in the style sheet, 1...5.
        package var colour: Int
        package var kind: Kind
        package var points: [Point]

        package init(name: String, colour: Int, kind: Kind = .line, points: [Point]) {
            (self.name, self.colour, self.kind, self.points) = (name, colour, kind, points)
        }
    }

    package struct Axis {
        package var label: String
        /// Values are shares of 1, shown in per cent.
        var holdsShares: Bool
        var holdsIntegers: Bool
        /// Whether zero is shown in any case.
        var showsZero: Bool

        package init(
            label: String, holdsShares: Bool = false, holdsIntegers: Bool = false, showsZero: Bool = false
        ) {
            self.label = label
            self.holdsShares = holdsShares
            self.holdsIntegers = holdsIntegers
            self.showsZero = showsZero
        }
    }

    /// A dashed line with a label.
    package struct Rule {
        var isVertical: Bool
        package var value: Double
        package var label: String

        package init(isVertical: Bool, value: Double, label: String) {
            self.isVertical = isVertical
            self.value = value
            self.label = label
        }
    }

    package var title: String
    package var horizontal: Axis
    package var vertical: Axis
    package var series: [Series]
    var rules: [Rule]
    /// What is said beside the plot.
    package var note: String

    package init(
        title: String, horizontal: Axis, vertical: Axis, series: [Series], rules: [Rule] = [], note: String = ""
    ) {
        self.title = title
        self.horizontal = horizontal
        self.vertical = vertical
        self.series = series
        self.rules = rules
        self.note = note
    }

    /// More points than this are averaged in groups, so that a page of a long run stays small.
    package static let largestPointCount = 120

    package static let width = 560.0
    package static let height = 300.0
    package static let plotArea = (left: 58.0, right: 546.0, top: 32.0, bottom: 252.0)

    /// Whether there is anything to draw.
    var hasData: Bool { series.contains { $0.points.contains(where: \.isFinite) } }

    /// The figure: heading, legend, drawing, note.
    package func figure() -> String {
        let legend =
            series.count < 2
            ? ""
            : "<p class=\"legend\">"
                + series.map { "<span><i class=\"swatch c\($0.colour)\"></i>\(HTMLText.escape($0.name))</span>" }
                .joined()
                + "</p>"
        var notes = note.isEmpty ? [] : [note]
        let size = series.map(SVGPlot.groupSize).max() ?? 1
        if size > 1 { notes.append("Each point is the mean of \(size) steps.") }
        let note = notes.isEmpty ? "" : "<p class=\"note\">\(HTMLText.escape(notes.joined(separator: " ")))</p>"
        return "<figure><h3>\(HTMLText.escape(title))</h3>\(legend)\(svg())\(note)</figure>\n"
    }

    /// The drawing alone.
    package func svg() -> String {
        let drawn = series.map(SVGPlot.prepared)
        let points = drawn.flatMap(\.points)
        var body = ""
        if points.isEmpty {
            body += text("no data yet", x: SVGPlot.width / 2, y: SVGPlot.height / 2, anchor: "middle")
        } else {
            let frame = SVGFrame(self, points: points, series: drawn)
            body += frame.axes()
            body += drawn.map(frame.drawing).joined()
            body += rules.map(frame.rule).joined()
        }
        let label = HTMLText.escape(title)
        let box = "0 0 \(SVGFrame.number(SVGPlot.width)) \(SVGFrame.number(SVGPlot.height))"
        return "<svg viewBox=\"\(box)\" role=\"img\" aria-label=\"\(label)\">\(body)</svg>"
    }

    /// How many points of a series become one.
    private static func groupSize(_ series: Series) -> Int {
        guard series.kind == .line else { return 1 }
        return max(1, (series.points.count(where: \.isFinite) + largestPointCount - 1) / largestPointCount)
    }

    /// The series without what is not finite and with few enough points.
    private static func prepared(_ series: Series) -> Series {
        var result = series
        let size = groupSize(series)
        result.points = series.points.filter(\.isFinite)
        guard size > 1 else { return result }
        result.points = stride(from: 0, to: result.points.count, by: size).map { start in
            let group = result.points[start..<min(start + size, result.points.count)]
            let count = Double(group.count)
            let squares = group.reduce(0) { $0 + ($1.error ?? 0) * ($1.error ?? 0) }
            return Point(
                x: group.reduce(0) { $0 + $1.x } / count, y: group.reduce(0) { $0 + $1.y } / count,
                error: group.contains { $0.error == nil } ? nil : squares.squareRoot() / count)
        }
        return result
    }

    func text(_ text: String, x: Double, y: Double, anchor: String = "start", style: String = "") -> String {
        let attributes = "x=\"\(SVGFrame.number(x))\" y=\"\(SVGFrame.number(y))\" text-anchor=\"\(anchor)\""
        return "<text class=\"\(style)\" \(attributes)>\(HTMLText.escape(text))</text>"
    }
}
