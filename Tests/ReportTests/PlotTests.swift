import Foundation
import Report
import Testing

@Suite struct PlotTests {
    @Test(arguments: [
        (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1], 1), (0.13, 0.49, [0.1, 0.2, 0.3, 0.4, 0.5], 1), (3, 3, [2.6, 2.8], 1),
        (-0.2, 1.3, [-0.5, 0, 0.5, 1, 1.5], 1), (0, 1_240, [0, 250, 500, 750, 1_000, 1_250], 0),
    ])
    func ticks_areRoundAndCoverTheData(low: Double, high: Double, expected: [Double], decimals: Int) {
        let ticks = NiceTicks(covering: low...high)
        for (value, wanted) in zip(ticks.values, expected) { #expect((value - wanted).magnitude < 1e-9) }
        #expect(ticks.values.count >= expected.count)
        #expect(ticks.decimals == decimals)
        #expect(ticks.range.lowerBound <= low + 1e-9 && ticks.range.upperBound >= high - 1e-9)
    }

    @Test func ticks_ofWholeNumbers_areWhole() {
        for high in 0...60 {
            let ticks = NiceTicks(covering: 0...Double(high), count: 8, integers: true)
            #expect(ticks.values.allSatisfy { $0 == $0.rounded() })
            #expect((2...10).contains(ticks.values.count))
        }
    }

    @Test func ticks_ofExtremeData_areFew() {
        for range in [0...0.0, 1e-12...2e-12, -1e15...1e15, 5...5.0, 0...1e300] {
            let ticks = NiceTicks(covering: range)
            #expect((2...12).contains(ticks.values.count), "\(range)")
            #expect(ticks.values.allSatisfy { ticks.text($0).count < 12 })
        }
    }

    private func plot(_ points: [SVGPlot.Point], kind: SVGPlot.Series.Kind = .line) -> SVGPlot {
        SVGPlot(
            title: "A <title>", horizontal: .init(label: "step"), vertical: .init(label: "y & z"),
            series: [.init(name: "s", colour: 1, kind: kind, points: points)])
    }

    @Test func plot_leavesOutWhatIsNotFinite() {
        let svg = plot([.init(x: 0, y: 1), .init(x: 1, y: .nan), .init(x: 2, y: .infinity), .init(x: 3, y: 2)]).svg()
        #expect(svg.components(separatedBy: "<circle").count == 3)
        #expect(!svg.contains("nan") && !svg.contains("inf"))
        #expect(svg.contains("y &amp; z") && svg.contains("A &lt;title&gt;"))
        #expect(plot([.init(x: 0, y: .nan)]).svg().contains("no data yet"))
        #expect(plot([]).svg().contains("no data yet"))
    }

    @Test func plot_ofManyPoints_isAveraged() {
        let points = (0..<10_000).map { SVGPlot.Point(x: Double($0), y: sin(Double($0)), error: 0.1) }
        let figure = plot(points).figure()
        #expect(figure.components(separatedBy: "<circle").count - 1 <= SVGPlot.largestPointCount)
        #expect(figure.contains("Each point is the mean of 84 steps."))
        #expect(figure.contains("class=\"band c1\""))
    }

    @Test func plot_staysInItsArea() throws {
        let svg = plot([.init(x: -5, y: -3, error: 2), .init(x: 8, y: 1e6, error: 4)]).svg()
        for part in svg.components(separatedBy: "cx=\"").dropFirst() {
            let x = try #require(Double(part.prefix { $0 != "\"" }))
            #expect((SVGPlot.plotArea.left...SVGPlot.plotArea.right).contains(x))
        }
    }

    @Test func steps_closeAtZero() {
        let svg = plot([.init(x: 0, y: 0.5), .init(x: 1, y: 0.25)], kind: .steps(width: 1)).svg()
        #expect(svg.contains("<polygon class=\"steps c1\""))
        #expect(svg.components(separatedBy: "<rect class=\"hidden\"").count == 3)
    }

    @Test func text_isEscaped() {
        #expect(HTMLText.escape("<a href='x'>&\"\u{0}\u{7F}") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;")
        #expect(HTMLText.formula("Ca10Ti0.5O<3") == "Ca<sub>10</sub>Ti<sub>0.5</sub>O&lt;<sub>3</sub>")
        #expect(HTMLText.fileName("../a b/é.c") == "---a-b---c")
        #expect(ReportTables.words("atomsTooClose") == "atoms too close")
        #expect(ReportTables.words("missing_reference") == "missing reference")
    }

    @Test(arguments: [
        (1, 1, 1), (2, 1, 18), (5, 2, 13), (26, 4, 8), (57, 8, 3), (71, 8, 17), (72, 6, 4), (86, 6, 18), (89, 9, 3),
        (104, 7, 4), (118, 7, 18),
    ])
    func periodicTable_hasEachElementInItsPlace(number: Int, row: Int, column: Int) {
        let place = PeriodicTable.place(ofAtomicNumber: number)
        #expect(place.row == row && place.column == column)
    }
}
