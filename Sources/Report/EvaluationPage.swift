internal import Base

/// An evaluation as one HTML page that needs nothing else: figures of one policy, or of two beside each other.
package struct EvaluationPage {
    private let title: String
    private let columns: [(title: String, figures: EvaluationFigures)]
    /// The figures as text.
    private let table: String
    private let footer: String
    /// Of two numbers that are to be high together; nil where a run has no such aims.
    private let aims: AimSection?

    /// - Parameters:
    ///   - columns: at most two.
    ///   - table: the figures as text, in columns.
    ///   - footer: by what they were measured.
    package init(
        title: String, columns: [(title: String, figures: EvaluationFigures)], table: String, footer: String,
        aims: AimSection? = nil
    ) {
        self.title = title
        self.columns = columns
        self.table = table
        self.footer = footer
        self.aims = aims
    }

    package func html() -> String {
        HTMLPage.html(
            title: title, style: aims == nil ? "" : "\n" + ScatterPlot.css,
            main: """
                <header><h1>\(HTMLText.escape(title))</h1>
                <p class="soft">S.U.N.: stable, unique and novel. Whiskers are standard errors.</p></header>
                \(aims?.html(colour: colour) ?? "")<div class="plots" style="margin-top:20px">
                \(plots.joined())</div>
                <h2>Figures</h2><div class="card"><pre>\(HTMLText.escape(table))</pre></div>
                <h2>Elements</h2>
                <div class="plots">
                \(columns.map(elements).joined())</div>
                <footer>\(HTMLText.escape(footer))</footer>
                """)
    }

    private var plots: [String] {
        var plots = [heights("Height above the hull, as sampled", \.heights).figure()]
        if columns.contains(where: { !$0.figures.relaxedHeights.isEmpty }) {
            plots.append(heights("Height above the hull, relaxed", \.relaxedHeights).figure())
        }
        plots.append(rates().figure())
        plots.append(bars("S.U.N. by crystal system", \.byCrystalSystem).figure())
        let groups = Set(columns.flatMap { $0.figures.bySpaceGroup.map(\.name) })
        plots.append(
            bars(
                groups.count > Self.mostGroups
                    ? "S.U.N. in the \(Self.mostGroups) most frequent space groups" : "S.U.N. by space group",
                \.bySpaceGroup
            ).figure())
        return plots
    }

    private static let mostGroups = 20
    private static let lowerEdge = -0.3
    private static let binWidth = 0.05
    private static let binCount = 30

    private func heights(_ title: String, _ values: (EvaluationFigures) -> [Double]) -> SVGPlot {
        let series = columns.enumerated().map { index, column in
            var counts = [Int](repeating: 0, count: Self.binCount)
            for value in values(column.figures) {
                let place = (value - Self.lowerEdge) / Self.binWidth
                if place >= 0, place < Double(Self.binCount) { counts[Int(place)] += 1 }
            }
            let points = counts.enumerated().map { place, count in
                SVGPlot.Point(
                    x: Self.lowerEdge + Double(place) * Self.binWidth,
                    y: Double(count) / Double(max(1, column.figures.samples)))
            }
            return SVGPlot.Series(
                name: column.title, colour: colour(index), kind: .steps(width: Self.binWidth), points: points)
        }
        return SVGPlot(
            title: title, horizontal: .init(label: "energy above hull, eV/atom"),
            vertical: .init(label: "share of all samples", holdsShares: true, showsZero: true), series: series,
            rules: columns.first.map {
                [.init(isVertical: true, value: $0.figures.threshold, label: "stable left of this")]
            }
                ?? [], note: "Outside the plot or without an energy: the rest.")
    }

    private var series: [(name: String, colour: Int)] {
        columns.enumerated().map { ($1.title, colour($0)) }
    }

    /// Two columns are before and after, which have the colours of the report.
    private func colour(_ index: Int) -> Int { columns.count == 2 ? 2 - index : index + 1 }

    private func rates() -> BarPlot {
        let rows: [(String, (EvaluationFigures) -> EvaluationFigures.Share?)] = [
            ("valid", { $0.valid }), ("stable", { $0.asSampled.stable }), ("unique", { $0.asSampled.unique }),
            ("novel", { $0.asSampled.novel }), ("S.U.N.", { $0.asSampled.sun }),
            ("stable, relaxed", { $0.relaxed?.stable }), ("S.U.N., relaxed", { $0.relaxed?.sun }),
        ]
        return BarPlot(
            title: "Shares of all samples", series: series,
            groups: rows.map { name, share in
                .init(name: name, bars: columns.map { share($0.figures).map(Self.bar) })
            }.filter { $0.bars.contains { $0 != nil } })
    }

    private func bars(_ title: String, _ parts: (EvaluationFigures) -> [EvaluationFigures.Part]) -> BarPlot {
        var samples: [String: Int] = [:]
        var order: [String] = []
        for part in columns.flatMap({ parts($0.figures) }) {
            if samples[part.name] == nil { order.append(part.name) }
            samples[part.name, default: 0] += part.samples
        }
        let shown = Set(order.sorted { (samples[$0] ?? 0, $1) > (samples[$1] ?? 0, $0) }.prefix(Self.mostGroups))
        let names = order.filter(shown.contains)
        return BarPlot(
            title: title, series: series,
            groups: names.map { name in
                .init(
                    name: name,
                    bars: columns.map { column in
                        parts(column.figures).first { $0.name == name }
                            .flatMap { ($0.relaxed ?? $0.asSampled).sun }.map(Self.bar)
                    })
            }, note: "Of the samples of each; relaxed where crystals were relaxed.")
    }

    private static func bar(_ share: EvaluationFigures.Share) -> BarPlot.Bar {
        .init(value: share.value, error: share.error)
    }

    private func elements(_ column: (title: String, figures: EvaluationFigures)) -> String {
        "<figure><h3>\(HTMLText.escape(column.title))</h3>"
            + PeriodicTable.svg(counts: column.figures.elementCounts, total: column.figures.samples)
            + "<p class=\"note\">The darker, the more crystals contain the element.</p></figure>\n"
    }
}
