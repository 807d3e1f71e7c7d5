import Monitoring
import Testing

@Suite struct RateWindowTests {
    @Test func rate_steady_isTheSameOverAllTimes() {
        var window = RateWindow()
        #expect(window.rate(over: 10) == 0)
        for second in 0..<2000 { window.note(7 * Double(second), at: 100 + Double(second)) }
        for seconds in [10.0, 60, 300] { #expect(abs(window.rate(over: seconds) - 7) < 1e-9) }
        #expect(window.count < 80)
    }

    /// Bursts of a step each 20 s: the long rates are the mean, the short one is of the last seconds.
    @Test func rate_bursts_areMeansOfTheirTimes() {
        var window = RateWindow()
        func total(_ second: Int) -> Double { 512 * Double(second / 20) }
        for second in 0...605 { window.note(total(second), at: Double(second)) }
        #expect(abs(window.rate(over: 300) - 25.6) < 2.6)
        #expect(abs(window.rate(over: 60) - 25.6) < 5.2)
        // The last burst came 5 s ago.
        #expect(abs(window.rate(over: 10) - 51.2) < 6)
        for second in 606...619 { window.note(total(second), at: Double(second)) }
        #expect(window.rate(over: 10) == 0)
    }

    @Test func rate_ofAShortPast_isOfWhatThereIs() {
        var window = RateWindow()
        window.note(0, at: 0)
        window.note(10, at: 4)
        #expect(abs(window.rate(over: 300) - 2.5) < 1e-9)
        #expect(window.span(over: 300) == 4)
        #expect(window.span(over: 1) == 1)
    }

    @Test func note_manyLooksInAMoment_keepsFew() {
        var window = RateWindow()
        for look in 0..<10_000 { window.note(Double(look), at: Double(look) * 0.01) }
        #expect(window.count < 80)
        #expect(abs(window.rate(over: 10) - 100) < 5)
    }
}
