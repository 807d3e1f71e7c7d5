internal import Base
internal import Foundation

/// The held-out predictions of a property head as one HTML page that needs nothing else.
package struct PropertyHeadPage {
    /// A crystal that the head was not fitted to when it predicted it.
    package struct Point {
        var label: String
        var known: Double
        var predicted: Double
        var sigma: Double
        var isInDomain: Bool

        package init(label: String, known: Double, predicted: Double, sigma: Double, isInDomain: Bool) {
            self.label = label
            self.known = known
            self.predicted = predicted
            self.sigma = sigma
            self.isInDomain = isInDomain
        }
    }

    private let title: String
    private let quantity: String
    private let unit: String
    /// Whether logarithms are drawn.
    private let isLogarithmic: Bool
    private let points: [Point]
    private let lines: [String]
    private let tried: [(target: String, kind: String, error: Double, isTaken: Bool)]
    private let footer: String

    /// - Parameters:
    ///   - unit: "1" for none.
    ///   - isLogarithmic: whether the head learned logarithms; they are drawn then.
    ///   - lines: what the head is and how well it does.
    ///   - tried: the kinds of regression and their errors.
    package init(
        title: String, quantity: String, unit: String, isLogarithmic: Bool, points: [Point], lines: [String],
        tried: [(target: String, kind: String, error: Double, isTaken: Bool)], footer: String
    ) {
        self.title = title
        self.quantity = quantity
        self.unit = unit
        self.isLogarithmic = isLogarithmic
        self.points = points
        self.lines = lines
        self.tried = tried
        self.footer = footer
    }

    package func html() -> String {
        HTMLPage.html(
            title: title,
            main: """
                <header><h1>\(HTMLText.escape(title))</h1>
                <p class="soft">Every crystal as it was predicted by a model that learned from no crystal of its \
                formula.</p></header>
                <div class="card"><pre>\(HTMLText.escape(lines.joined(separator: "\n")))</pre></div>
                <div class="plots" style="margin-top:20px">
                \(parity.figure())\(residuals.figure())\(scores.figure())</div>
                <h2>Largest errors</h2><div class="card">\(worst)</div>
                <h2>What was tried</h2><div class="card">\(candidates)</div>
                <footer>\(HTMLText.escape(footer))</footer>
                """)
    }

    /// More dots than this are thinned out.
    private static let mostDots = 4_000

    private var drawn: [Point] {
        let step = max(1, (points.count + Self.mostDots - 1) / Self.mostDots)
        return stride(from: 0, to: points.count, by: step).map { points[$0] }
    }

    private var note: String {
        drawn.count < points.count ? "\(drawn.count) of \(points.count) crystals are drawn." : ""
    }

    private func place(_ value: Double) -> Double { isLogarithmic ? log(value) : value }

    private var label: String {
        isLogarithmic ? "ln \(quantity)" : unit == "1" ? quantity : "\(quantity), \(unit)"
    }

    private func dots(_ y: (Point) -> Double) -> [SVGPlot.Series] {
        [(true, "in the domain", 1), (false, "outside the domain", 2)].map { inside, name, colour in
            SVGPlot.Series(
                name: name, colour: colour, kind: .dots,
                points: drawn.filter { $0.isInDomain == inside }.map { .init(x: place($0.known), y: y($0)) })
        }
    }

    private var parity: SVGPlot {
        let values = points.map { place($0.known) }
        let ends = [values.min() ?? 0, values.max() ?? 1]
        let line = SVGPlot.Series(name: "predicted = known", colour: 3, points: ends.map { .init(x: $0, y: $0) })
        return SVGPlot(
            title: "Predicted against known", horizontal: .init(label: "known \(label)"),
            vertical: .init(label: "predicted \(label)"), series: dots { place($0.predicted) } + [line], note: note)
    }

    private var residuals: SVGPlot {
        SVGPlot(
            title: "Residuals", horizontal: .init(label: "known \(label)"),
            vertical: .init(label: "predicted minus known", showsZero: true),
            series: dots { place($0.predicted) - place($0.known) },
            rules: [.init(isVertical: false, value: 0, label: "")], note: note)
    }

    /// How residuals over standard errors are spread.
    private var scores: SVGPlot {
        let width = 0.5
        let count = 16
        var shares = [Double](repeating: 0, count: count)
        for point in points {
            let error = isLogarithmic ? point.sigma / point.predicted : point.sigma
            let score = (place(point.predicted) - place(point.known)) / error
            let bin = (score / width + Double(count) / 2).rounded(.down)
            if bin >= 0, bin < Double(count) { shares[Int(bin)] += 1 / Double(points.count) }
        }
        return SVGPlot(
            title: "Residuals over standard errors", horizontal: .init(label: "residual / standard error"),
            vertical: .init(label: "share of the crystals", holdsShares: true, showsZero: true),
            series: [
                .init(
                    name: "held out", colour: 1, kind: .steps(width: width),
                    points: shares.enumerated().map { .init(x: (Double($0) - Double(count) / 2) * width, y: $1) })
            ], note: "Of a normal distribution, 68.3% would lie between -1 and 1.")
    }

    private var worst: String {
        let order = points.sorted {
            (place($0.predicted) - place($0.known)).magnitude > (place($1.predicted) - place($1.known)).magnitude
        }
        let rows = order.prefix(12).map { point in
            "<tr><td>\(HTMLText.escape(point.label))</td><td>\(HumanFormat.number(point.known))</td>"
                + "<td>\(HumanFormat.number(point.predicted)) ± \(HumanFormat.number(point.sigma))</td>"
                + "<td>\(point.isInDomain ? "yes" : "no")</td></tr>"
        }
        return "<table><tr><th>crystal</th><th>known</th><th>predicted</th><th>in the domain</th></tr>"
            + rows.joined() + "</table>"
    }

    private var candidates: String {
        let rows = tried.sorted { ($0.target, $0.error) < ($1.target, $1.error) }.map { candidate in
            "<tr><td>\(HTMLText.escape(candidate.target))</td><td>\(HTMLText.escape(candidate.kind))</td>"
                + "<td>\(HumanFormat.fixed(candidate.error, decimals: 4))</td>"
                + "<td>\(candidate.isTaken ? "taken" : "")</td></tr>"
        }
        let error = isLogarithmic ? "mean absolute error of ln" : "mean absolute error"
        return "<table><tr><th>target</th><th>regression</th><th>\(error)</th><th></th></tr>"
            + rows.joined() + "</table>"
    }
}
